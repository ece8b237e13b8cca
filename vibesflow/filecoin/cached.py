"""A value that is asked for once and believed for a while."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar

_Value = TypeVar("_Value")


class Cached(Generic[_Value]):
    """Remembers what ``load`` returned; callers at the same time share one load.

    Args:
        load: fetches the value; what it raises goes to the caller, and is not remembered.
        life_s: how long a value is believed.
        now_s: a clock that never goes back.
    """

    def __init__(
        self,
        load: Callable[[], Awaitable[_Value]],
        *,
        life_s: float,
        now_s: Callable[[], float] = time.monotonic,
    ) -> None:
        self._load = load
        self._life_s = life_s
        self._now_s = now_s
        self._lock = asyncio.Lock()
        self._held: tuple[_Value, float] | None = None

    async def get(self) -> _Value:
        """Return the value, loading it if there is none or it is too old."""
        async with self._lock:
            if self._held is None or self._now_s() >= self._held[1]:
                self._held = (await self._load(), self._now_s() + self._life_s)
            return self._held[0]

    def forget(self) -> None:
        """Load anew at the next call."""
        self._held = None
