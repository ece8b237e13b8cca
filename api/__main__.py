"""The HTTP door as a process: ``python -m api``, settings from the environment.

It prints its address once it listens. Exit codes: 0 stopped by SIGINT or SIGTERM, 1 the address
cannot be listened on, 3 settings are missing or wrong, 7 a dependency is down at start.
"""

from __future__ import annotations

import asyncio
import logging
import sys

from api.app import create_app
from api.server import address_of, door_server, listen, serve_until_signalled
from api.wiring import open_services
from vibesflow.errors import DependencyDown, SettingsInvalid
from vibesflow.settings import Settings, load_settings

EXIT_ADDRESS = 1
EXIT_SETTINGS = 3
EXIT_DEPENDENCY = 7

log = logging.getLogger("api")


async def run(settings: Settings) -> None:
    """Serve until a signal comes.

    Raises:
        SettingsInvalid: a file that the settings name is missing or malformed.
        DependencyDown: Temporal does not answer.
        OSError: the address cannot be listened on.
    """
    async with open_services(settings) as services:
        listener = listen(settings.api)
        server = door_server(create_app(services), settings.api)
        sys.stdout.write(f"listening on {address_of(listener)}\n")
        sys.stdout.flush()
        await serve_until_signalled(server, listener)


def main() -> int:
    """Run the process and return its exit code."""
    logging.basicConfig(
        level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s"
    )
    try:
        asyncio.run(run(load_settings(guards_door=True)))
    except SettingsInvalid as error:
        return _leave(EXIT_SETTINGS, f"{error.message}\n{error.advice}")
    except DependencyDown as error:
        return _leave(EXIT_DEPENDENCY, f"{error.message}\n{error.advice}")
    except OSError as error:
        return _leave(EXIT_ADDRESS, f"cannot listen: {error}")
    return 0


def _leave(code: int, message: str) -> int:
    sys.stderr.write(message + "\n")
    return code


if __name__ == "__main__":
    sys.exit(main())
