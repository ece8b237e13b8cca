"""A limit on what all JSON bodies together may take of this process's memory."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from vibesflow.errors import Overloaded

MEMORY_BYTES = 512 * 2**20
"""What JSON bodies may take; the largest single one is always let in."""


class ByteBudget:
    """Counts the bytes that are held. They are counted as they come, not as they are announced.

    So a client holds up others only with bytes that it really sent.
    """

    def __init__(self, most_bytes: int) -> None:
        self._most_bytes = most_bytes
        self._held_bytes = 0

    @contextmanager
    def share(self) -> Iterator[Share]:
        """Open one body's share; what it holds is given back at the end."""
        share = Share(self)
        try:
            yield share
        finally:
            self._held_bytes -= share.held_bytes

    def take(self, size: int) -> None:
        """Count bytes in.

        Raises:
            Overloaded: they are too many.
        """
        if self._held_bytes + size > self._most_bytes:
            raise Overloaded(f"the JSON bodies under way take {self._held_bytes} bytes already")
        self._held_bytes += size


class Share:
    """What one body holds of the budget."""

    def __init__(self, budget: ByteBudget) -> None:
        self._budget = budget
        self.held_bytes = 0

    def take(self, size: int) -> None:
        """Hold more bytes, or raise `Overloaded`."""
        self._budget.take(size)
        self.held_bytes += size
