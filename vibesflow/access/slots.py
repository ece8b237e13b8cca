"""How much is taken in at the same time, in all and from one creator."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

from vibesflow.errors import Overloaded, RateLimited

PAUSE_S = 1.0
"""When to try again: an upload takes about a second."""


class Slots:
    """Counts what is under way."""

    def __init__(self, *, most: int, most_each: int) -> None:
        self._most = most
        self._most_each = most_each
        self._held: Counter[str] = Counter()
        self._total = 0

    @property
    def total(self) -> int:
        """What is under way now."""
        return self._total

    @contextmanager
    def hold(self, creator: str) -> Iterator[None]:
        """Hold a slot.

        Raises:
            RateLimited: the creator holds as many as one may.
            Overloaded: all are held.
        """
        if self._held.get(creator, 0) >= self._most_each:
            raise RateLimited(
                f"{self._most_each} uploads of this creator are under way", retry_after_s=PAUSE_S
            )
        if self._total >= self._most:
            raise Overloaded(f"{self._most} uploads are under way", retry_after_s=PAUSE_S)
        self._held[creator] += 1
        self._total += 1
        try:
            yield
        finally:
            self._total -= 1
            self._held[creator] -= 1
            if not self._held[creator]:
                del self._held[creator]
