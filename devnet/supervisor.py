"""Keeps the parts of the world alive, and lets none outlive it."""

from __future__ import annotations

import asyncio
import logging
import signal
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Self

from devnet.child import Child
from devnet.part import Part
from vibesflow.errors import PartNotStarted

_FIRST_PAUSE_S = 0.2
_LONGEST_PAUSE_S = 10.0
_STEADY_S = 3.0
"""A part that answered for so long was healthy: what ended it came from outside."""

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
        self._answering: dict[str, Child] = {}
        self._answered = asyncio.Condition()
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
        await self._note_answer(child)
        self._watchers[part.name] = asyncio.create_task(self._watch(child))

    async def revived(self, name: str, *, after: int) -> int:
        """Wait until a later life of a part answers and is prepared.

        Args:
            name: the part.
            after: process id of the life that has ended, or is about to.

        Returns:
            The new process id.
        """

        def is_revived() -> bool:
            child = self._answering.get(name)
            return child is not None and child.pid != after

        async with self._answered:
            await self._answered.wait_for(is_revived)
            return self._answering[name].pid

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

    async def _note_answer(self, child: Child) -> None:
        async with self._answered:
            self._answering[child.part.name] = child
            self._answered.notify_all()

    async def _watch(self, child: Child) -> None:
        pause_s = _FIRST_PAUSE_S
        answered_s: float | None = asyncio.get_running_loop().time()
        while True:
            code = await child.ended()
            is_blameless = _was_steady(answered_s) or _was_killed(child, code)
            child.kill()
            if not self._restart:
                self._give_up(PartNotStarted(f"{child.part.name} ended with code {code}"))
                return
            if is_blameless:
                pause_s = _FIRST_PAUSE_S
            _log.warning("%s ended with code %s; starting it again", child.part.name, code)
            await asyncio.sleep(pause_s)
            pause_s = min(_LONGEST_PAUSE_S, pause_s * 2)
            child = await self._launch(child.part)
            answered_s = await self._revive(child)

    async def _revive(self, child: Child) -> float | None:
        """Return when the new life began to answer; None if it did not, and is to be replaced."""
        try:
            await child.until_ready()
        except Exception as error:  # noqa: BLE001 - a part that cannot be prepared is tried again
            _log.warning("%s was not revived: %s: %s", child.part.name, type(error).__name__, error)
            child.kill()
            return None
        await self._note_answer(child)
        self.on_change()
        return asyncio.get_running_loop().time()

    def _give_up(self, fault: PartNotStarted) -> None:
        if not self._fallen.done():
            self._fallen.set_result(fault)


def _was_steady(answered_s: float | None) -> bool:
    now_s = asyncio.get_running_loop().time()
    return answered_s is not None and now_s - answered_s > _STEADY_S


def _was_killed(child: Child, code: int) -> bool:
    """Whether somebody else ended it, which says nothing about its health."""
    return not child.was_given_up and code in (-signal.SIGKILL, -signal.SIGTERM)
