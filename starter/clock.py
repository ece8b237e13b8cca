"""Time as a session sees it, so that tests can hold it in their hands."""

from __future__ import annotations

import asyncio
import time
from typing import Protocol


class Clock(Protocol):
    """Wall clock, stopwatch and sleep."""

    def now_ms(self) -> int:
        """Return the wall clock, in epoch milliseconds."""
        ...

    def elapsed_s(self) -> float:
        """Return a stopwatch that never jumps; only differences mean anything."""
        ...

    async def sleep(self, seconds: float) -> None:
        """Wait without holding up others."""
        ...


class SystemClock:
    """The machine's own time."""

    def now_ms(self) -> int:
        """Return the wall clock, in epoch milliseconds."""
        return time.time_ns() // 1_000_000

    def elapsed_s(self) -> float:
        """Return a stopwatch that never jumps; only differences mean anything."""
        return time.monotonic()

    async def sleep(self, seconds: float) -> None:
        """Wait without holding up others."""
        await asyncio.sleep(seconds)
