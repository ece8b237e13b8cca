"""The process of a streaming client: started again whenever it dies, until it has finished."""

from __future__ import annotations

import asyncio
import os
import sys
from asyncio.subprocess import Process
from collections.abc import Mapping
from pathlib import Path

from devnet import launch

_PAUSE_S = 0.2


class ClientProcess:
    """Keeps one client alive.

    Args:
        argv: the program.
        environment: its variables.
        log: where its words go.
    """

    def __init__(self, argv: tuple[str, ...], environment: Mapping[str, str], log: Path) -> None:
        launcher = (sys.executable, "-I", "-S", str(Path(launch.__file__)), str(os.getpid()))
        self._argv = (*launcher, *argv)
        self._environment = dict(environment)
        self._log = log
        self._process: Process | None = None
        self.is_finished = False
        self.lives = 0

    @property
    def pid(self) -> int | None:
        """Process id of the present life."""
        process = self._process
        return process.pid if process is not None and process.returncode is None else None

    async def keep(self) -> None:
        """Run until the client says that it has finished."""
        try:
            while True:
                with self._log.open("ab") as output:
                    self._process = await asyncio.create_subprocess_exec(
                        *self._argv,
                        stdin=asyncio.subprocess.DEVNULL,
                        stdout=output,
                        stderr=output,
                        env=self._environment,
                    )
                self.lives += 1
                if await self._process.wait() == 0:
                    self.is_finished = True
                    return
                await asyncio.sleep(_PAUSE_S)
        finally:
            if self._process is not None and self._process.returncode is None:
                self._process.kill()
                await self._process.wait()
