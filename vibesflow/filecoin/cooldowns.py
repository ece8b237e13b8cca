"""Providers that failed lately, and for how long they are passed over."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

FIRST_S: Final = 60.0
"""One fault; long enough for a restart."""

LONGEST_S: Final = 600.0
"""Fault after fault; a provider that recovers is tried again that late."""


@dataclass(frozen=True, slots=True)
class _Rest:
    until_s: float
    length_s: float


class Cooldowns:
    """Remembers faults. Those during one rest count as one: they have the same cause.

    Args:
        now_s: a clock that never goes back.
    """

    def __init__(self, *, now_s: Callable[[], float] = time.monotonic) -> None:
        self._now_s = now_s
        self._rests: dict[int, _Rest] = {}

    def note_fault(self, provider_id: int) -> None:
        """Let the provider rest: a minute, or twice as long as the last time."""
        last = self._rests.get(provider_id)
        if last and self._now_s() < last.until_s:
            return
        length_s = min(last.length_s * 2, LONGEST_S) if last else FIRST_S
        self._rests[provider_id] = _Rest(self._now_s() + length_s, length_s)

    def note_success(self, provider_id: int) -> None:
        """Forget the provider's faults."""
        self._rests.pop(provider_id, None)

    def rests(self, provider_id: int) -> bool:
        """Tell whether the provider is to be passed over, if there are others."""
        last = self._rests.get(provider_id)
        return last is not None and self._now_s() < last.until_s
