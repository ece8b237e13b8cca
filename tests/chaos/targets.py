"""What can be killed, and how often: the cheap more often than the dear."""

from __future__ import annotations

import asyncio
import os
import signal
from collections import Counter
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from devnet.world import World
from tests.chaos.client_process import ClientProcess
from tests.chaos.log import EventLog

CLIENTS = ("client_1", "client_2")
SHARES: dict[str, float] = {
    **dict.fromkeys(CLIENTS, 4.0),
    "provider_1": 3.0,
    "provider_2": 3.0,
    "provider_3": 3.0,
    "api": 3.0,
    "worker": 1.5,
    "table": 1.5,
    "chain": 1.5,
    "temporal": 1.0,
}
"""How often each target is struck, in parts of the whole."""

_REVIVAL_LIMIT_S = 120.0
_FIRST_WORD_S = 20.0


@dataclass(frozen=True)
class Target:
    """One process that comes back when it dies.

    Attributes:
        name: which.
        pid: its present life.
        revived: waits for the life after a given one.
    """

    name: str
    pid: Callable[[], int | None]
    revived: Callable[[int], Awaitable[object]]


class Blows:
    """Strikes targets and counts what it did, by target and kind."""

    def __init__(self, log: EventLog) -> None:
        self._log = log
        self.counts: Counter[tuple[str, str]] = Counter()

    @property
    def kills(self) -> int:
        return sum(count for (_, kind), count in self.counts.items() if kind == "kill")

    async def kill(self, target: Target) -> None:
        await self._end(target, "kill", signal.SIGKILL)

    async def restart(self, target: Target) -> None:
        """End it in good order; it is started again."""
        await self._end(target, "restart", signal.SIGTERM)

    async def pause(self, target: Target, seconds: float) -> None:
        pid = target.pid()
        if pid is None or not _send(pid, signal.SIGSTOP):
            return
        self._note(target, "pause", seconds=round(seconds, 2))
        try:
            await asyncio.sleep(seconds)
        finally:
            _send(pid, signal.SIGCONT)

    async def _end(self, target: Target, kind: str, number: int) -> None:
        pid = target.pid()
        if pid is None or not _send(pid, number):
            return
        self._note(target, kind)
        async with asyncio.timeout(_REVIVAL_LIMIT_S):
            await target.revived(pid)
        self._log.note("revived", target=target.name)

    def _note(self, target: Target, kind: str, **facts: object) -> None:
        self.counts[target.name, kind] += 1
        self._log.note(kind, target=target.name, **facts)


def part_target(world: World, name: str) -> Target:
    async def revived(pid: int) -> None:
        # The life that was struck may not have answered yet; then an older one answered last.
        while await world.revived(name, after=pid) != world.pids.get(name):
            await asyncio.sleep(0.1)

    return Target(name, lambda: world.pids.get(name), revived)


def client_target(name: str, client: ClientProcess, journal: Path) -> Target:
    async def revived(pid: int) -> None:
        while not client.is_finished and client.pid in {None, pid}:
            await asyncio.sleep(0.05)
        # A client that is killed before it has sent anything tries nobody's patience but its own.
        written = journal.stat().st_size
        with suppress(TimeoutError):
            async with asyncio.timeout(_FIRST_WORD_S):
                while not client.is_finished and journal.stat().st_size == written:
                    await asyncio.sleep(0.1)

    return Target(name, lambda: client.pid, revived)


def _send(pid: int, number: int) -> bool:
    with suppress(ProcessLookupError):
        os.kill(pid, number)
        return True
    return False
