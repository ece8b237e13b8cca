"""Keeps the parts of the world alive, and lets none outlive it."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Self

from devnet.child import Child
from devnet.part import Part
from vibesflow.errors import PartNotStarted, VibesflowError

_FIRST_PAUSE_S = 0.2
_LONGEST_PAUSE_S = 10.0
_STEADY_S = 30.0

_log = logging.getLogger(__name__)


class Supervisor:
    """Starts parts, restarts those that die, stops all in reverse order.

    Args:
        log_folder: where ``{part}.log`` is written.
        restart: start a part again when it dies; without it, its death is the world's.

    Attributes:
        on_change: called after every restart, when the part answers again.
    """

    def __init__(self, log_folder: Path, *, restart: bool = True) -> None:
        self.on_change: Callable[[], None] = lambda: None
        self._log_folder = log_folder
        self._restart = restart
        self._children: dict[str, Child] = {}
        self._watchers: dict[str, asyncio.Task[None]] = {}
        self._fallen: asyncio.Future[PartNotStarted] = asyncio.get_running_loop().create_future()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.stop()

    @property
    def pids(self) -> dict[str, int]:
        """Process ids by part, in the order of starting."""
        return {name: child.pid for name, child in self._children.items()}

    async def start(self, part: Part) -> None:
        """Start a part and return once it answers.

        Raises:
            PartNotStarted: it ended or stayed silent; the message ends with its log.
        """
        child = await self._launch(part)
        await child.until_ready()
        self._watchers[part.name] = asyncio.create_task(self._watch(child))

    async def fallen(self) -> PartNotStarted:
        """Return the fault once a part is down for good."""
        return await asyncio.shield(self._fallen)

    async def stop(self) -> None:
        """Stop all parts, the youngest first, whatever happens meanwhile."""
        for watcher in self._watchers.values():
            watcher.cancel()
        await asyncio.gather(*self._watchers.values(), return_exceptions=True)
        self._watchers.clear()
        try:
            while self._children:
                name = next(reversed(self._children))
                await self._children[name].stop()
                del self._children[name]
        finally:
            for child in self._children.values():
                child.kill()

    async def _launch(self, part: Part) -> Child:
        child = await Child.start(part, self._log_folder / f"{part.name}.log")
        self._children[part.name] = child
        return child

    async def _watch(self, child: Child) -> None:
        pause_s = _FIRST_PAUSE_S
        loop = asyncio.get_running_loop()
        while True:
            born_s = loop.time()
            code = await child.ended()
            child.kill()
            if not self._restart:
                self._give_up(PartNotStarted(f"{child.part.name} ended with code {code}"))
                return
            if loop.time() - born_s > _STEADY_S:
                pause_s = _FIRST_PAUSE_S
            _log.warning("%s ended with code %s; starting it again", child.part.name, code)
            await asyncio.sleep(pause_s)
            pause_s = min(_LONGEST_PAUSE_S, pause_s * 2)
            child = await self._revive(child.part)

    async def _revive(self, part: Part) -> Child:
        child = await self._launch(part)
        try:
            await child.until_ready()
        except VibesflowError as error:
            _log.warning("%s", error)
            child.kill()
        else:
            self.on_change()
        return child

    def _give_up(self, fault: PartNotStarted) -> None:
        if not self._fallen.done():
            self._fallen.set_result(fault)
