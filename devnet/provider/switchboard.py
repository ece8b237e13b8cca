"""Faults on order: each strikes where, as often and as long as a person wants."""

from __future__ import annotations

import asyncio
import logging
import math
import os
import time
from collections.abc import Callable

from devnet.provider.answers import Refusal, internal_error
from devnet.provider.fault_kinds import KINDS
from devnet.provider.fault_order import FaultOrder, FaultReport
from devnet.provider.faults import FaultName, Faults, Point
from devnet.provider.hanging_up import HungUp

_log = logging.getLogger(__name__)

CRASH_CODE = 70
"""Exit code of a process that dies because it was ordered to."""
_LAST_WORDS_S = 0.1


def crash() -> None:
    """End this process at once; nothing is tidied up, as in a crash."""
    os._exit(CRASH_CODE)


class _Armed:
    """An order, and how often it has struck."""

    def __init__(self, order: FaultOrder, now_s: float) -> None:
        self.order = order
        self.struck = 0
        self.over = asyncio.Event()
        self._ends_s = math.inf if order.seconds is None else now_s + order.seconds

    def is_active(self, now_s: float) -> bool:
        count = self.order.count
        return now_s < self._ends_s and (count is None or self.struck < count)

    def report(self, now_s: float) -> FaultReport:
        left_s = None if math.isinf(self._ends_s) else max(0.0, self._ends_s - now_s)
        return FaultReport(
            **self.order.model_dump(),
            struck=self.struck,
            ends_in_s=left_s,
            active=self.is_active(now_s),
        )

    async def hang(self, now_s: float) -> None:
        """Return after the delay, when the fault's time is over, or when it is healed."""
        limit_s = min(self.order.effective_delay_s or math.inf, self._ends_s - now_s)
        try:
            await asyncio.wait_for(self.over.wait(), None if math.isinf(limit_s) else limit_s)
        except TimeoutError:
            return


class Switchboard(Faults):
    """Holds the faults of one provider, in memory: a restart heals them all.

    Args:
        die: ends the process.
        now_s: a clock that never goes back.
    """

    def __init__(
        self, die: Callable[[], None] = crash, now_s: Callable[[], float] = time.monotonic
    ) -> None:
        self._die = die
        self._now_s = now_s
        self._armed: dict[tuple[FaultName, Point | None], _Armed] = {}

    def set(self, order: FaultOrder) -> None:
        """Add a fault; it takes the place of one of the same name at the same point."""
        key = (order.name, order.at)
        self._end(key)
        if order.is_immediate:
            asyncio.get_running_loop().call_later(_LAST_WORDS_S, self._die)
            return
        self._armed[key] = _Armed(order, self._now_s())
        _log.warning("fault set: %s", order.model_dump_json(exclude_none=True))

    def heal(self, name: FaultName | None = None) -> None:
        """Remove the faults of that name, or all; what hangs goes on."""
        for key in [key for key in self._armed if name in {None, key[0]}]:
            self._end(key)

    def reports(self) -> tuple[FaultReport, ...]:
        """All faults that were set and not healed, the oldest first."""
        return tuple(armed.report(self._now_s()) for armed in self._armed.values())

    async def reach(self, point: Point) -> None:
        """Let the first fault that is wanted at this point strike."""
        now_s = self._now_s()
        for armed in self._armed.values():
            if point in armed.order.places and armed.is_active(now_s):
                await self._strike(armed, point)
                return

    def delay_s(self, name: FaultName) -> float | None:
        """Count one strike of a fault that bends what the provider does."""
        armed = self._armed.get((name, None))
        if armed is None or not armed.is_active(self._now_s()):
            return None
        self._count(armed, name)
        return armed.order.effective_delay_s or 0.0

    async def _strike(self, armed: _Armed, point: Point) -> None:
        self._count(armed, point)
        name = armed.order.name
        if name is FaultName.HANG:
            await armed.hang(self._now_s())
        elif name is FaultName.RESTART:
            self._die()
        elif name is FaultName.LOST_ANSWER:
            raise HungUp
        else:
            raise _refusal(armed.order)

    def _count(self, armed: _Armed, where: str) -> None:
        armed.struck += 1
        _log.warning("fault %s strikes (%s), time %d", armed.order.name, where, armed.struck)

    def _end(self, key: tuple[FaultName, Point | None]) -> None:
        armed = self._armed.pop(key, None)
        if armed is not None:
            armed.over.set()


def _refusal(order: FaultOrder) -> Refusal:
    match order.name:
        case FaultName.PING_REFUSED:
            return Refusal(503, "node has active alerts")
        case FaultName.BUSY:
            pause_s = math.ceil(order.effective_delay_s or 1)
            return Refusal(429, "Too many requests", {"Retry-After": str(pause_s)})
        case FaultName.FULL:
            return internal_error("Failed to stash the piece: no space left on device")
        case FaultName.WRONG_CID:
            return Refusal(400, "provided piece CID does not match computed piece CID")
        case FaultName.ERROR:
            return internal_error("Failed by order")
        case _:
            raise ValueError(f"{order.name} refuses nothing: {KINDS[order.name].does}")
