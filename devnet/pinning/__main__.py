"""``python -m devnet.pinning``: the pinning service until it is told to stop."""

from __future__ import annotations

import argparse
import logging
import sys
from pathlib import Path

import uvicorn

from devnet.environment import pinning_token
from devnet.pinning.app import build_app
from devnet.pinning.store import PinStore

_GRACE_S = 5


def main() -> int:
    """Run the service; its token comes from ``PINNING_TOKEN``, where other users cannot see it."""
    parser = argparse.ArgumentParser(prog="python -m devnet.pinning", description=__doc__)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--data-dir", type=Path, required=True)
    arguments = parser.parse_args()
    token = pinning_token()
    if not token:
        parser.error("PINNING_TOKEN is not set")
    logging.basicConfig(level=logging.INFO, stream=sys.stderr)
    uvicorn.run(
        build_app(PinStore(arguments.data_dir), token),
        host=arguments.host,
        port=arguments.port,
        access_log=False,
        log_config=None,
        timeout_graceful_shutdown=_GRACE_S,
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
