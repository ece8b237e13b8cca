"""A running part: started in a session of its own, its output in a log, stopped by process id."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from asyncio.subprocess import Process
from contextlib import suppress
from pathlib import Path

from devnet import launch
from devnet.part import Part
from vibesflow.errors import PartNotStarted

_PROBE_PAUSE_S = 0.05
_TAIL_LINES = 15
_TAIL_BYTES = 8_192


class Child:
    """One life of a part; a restart makes another.

    Attributes:
        was_given_up: we have killed it ourselves.
    """

    def __init__(self, part: Part, process: Process, log: Path) -> None:
        self.part = part
        self.log = log
        self.was_given_up = False
        self._process = process

    @classmethod
    async def start(cls, part: Part, log: Path) -> Child:
        """Start the program; its output is appended to the log.

        It must be called on a thread that lives as long as the world: the kernel ties the child
        to the thread that started it.
        """
        launcher = (sys.executable, "-I", "-S", str(Path(launch.__file__)), str(os.getpid()))
        with log.open("ab") as output:
            process = await asyncio.create_subprocess_exec(
                *launcher,
                *part.argv,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                cwd=part.folder,
                env=dict(part.environment),
                start_new_session=True,
            )
        return cls(part, process, log)

    @property
    def pid(self) -> int:
        """The program's process id, which is its process group's as well."""
        return self._process.pid

    async def ended(self) -> int:
        """Return the exit code once the program has ended; negative for a signal."""
        return await self._process.wait()

    async def until_ready(self) -> None:
        """Return once the part answers and is prepared.

        Raises:
            PartNotStarted: it ended, or did not answer in time; the message has its last words.
        """
        try:
            async with asyncio.timeout(self.part.start_limit_s):
                while True:
                    if await self._answers():
                        break
                    await asyncio.sleep(_PROBE_PAUSE_S)
                if self.part.prepare is not None:
                    await self.part.prepare()
        except TimeoutError as error:
            limit = f"does not answer after {self.part.start_limit_s:g} s"
            raise PartNotStarted(self._obituary(limit)) from error

    async def stop(self) -> None:
        """Ask the program to end; kill its whole group when it takes too long."""
        if self._process.returncode is None:
            with suppress(ProcessLookupError):
                self._process.send_signal(signal.SIGTERM)
            with suppress(TimeoutError):
                async with asyncio.timeout(self.part.stop_limit_s):
                    await self._process.wait()
        self.kill()
        await self._process.wait()

    def kill(self) -> None:
        """Kill what is left of the program and of everything it started."""
        self.was_given_up = True
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self.pid, signal.SIGKILL)

    def last_words(self) -> str:
        """Return the end of the log."""
        with self.log.open("rb") as log:
            log.seek(max(0, self.log.stat().st_size - _TAIL_BYTES))
            lines = log.read().decode(errors="replace").splitlines()
        return "\n".join(lines[-_TAIL_LINES:])

    async def _answers(self) -> bool:
        code = self._process.returncode
        if code is not None:
            raise PartNotStarted(self._obituary(f"ended with code {code}"))
        return await self.part.probe()

    def _obituary(self, what: str) -> str:
        return f"{self.part.name} {what}; the end of {self.log}:\n{self.last_words()}"
