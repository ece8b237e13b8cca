"""How many bytes a stream has taken, for tickets that limit it."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager

from vibesflow.errors import TicketSpent

MOST_STREAMS = 10_000


class Volumes:
    """Bytes of the streams that tickets limit, as far as this process knows.

    It counts what it takes in and is told what the table knows of the rest. So a limit holds
    across restarts and processes but for what the table does not know yet.
    """

    def __init__(self, *, most_streams: int = MOST_STREAMS) -> None:
        self._most_streams = most_streams
        self._bytes: OrderedDict[str, int] = OrderedDict()
        self._told: set[str] = set()

    def of(self, rta_id: str) -> int:
        """Return the bytes of a stream that are known of."""
        return self._bytes.get(rta_id, 0)

    def wants_to_know(self, rta_id: str) -> bool:
        """Tell whether a limited stream's bytes were counted here, and nowhere else so far."""
        return rta_id in self._bytes and rta_id not in self._told

    def at_least(self, rta_id: str, size: int) -> None:
        """Learn what the table has counted."""
        self._put(rta_id, max(size, self.of(rta_id)))
        self._told.add(rta_id)

    @contextmanager
    def metered(self, rta_id: str, most: int | None, most_each: int | None) -> Iterator[Meter]:
        """Count one chunk in; what is not kept in the end is given back.

        Args:
            rta_id: the stream.
            most: bytes that the stream may have; None means any number.
            most_each: bytes that the chunk may have; None means any number.
        """
        meter = Meter(self, rta_id, most, most_each)
        try:
            yield meter
        finally:
            if not meter.kept and most is not None:
                self._put(rta_id, max(0, self.of(rta_id) - meter.size))

    def take(self, rta_id: str, size: int, most: int | None) -> None:
        """Count bytes in, or raise `TicketSpent` and count none."""
        if most is None:
            return
        if self.of(rta_id) + size > most:
            raise TicketSpent(f"the ticket allows the stream {most} bytes in all")
        self._put(rta_id, self.of(rta_id) + size)

    def _put(self, rta_id: str, size: int) -> None:
        self._bytes[rta_id] = size
        self._bytes.move_to_end(rta_id)
        while len(self._bytes) > self._most_streams:
            forgotten, _ = self._bytes.popitem(last=False)
            self._told.discard(forgotten)


class Meter:
    """Counts one chunk's bytes as they come.

    Attributes:
        size: bytes so far.
        kept: the chunk is new and was acknowledged, so its bytes count from now on.
    """

    def __init__(
        self, volumes: Volumes, rta_id: str, most: int | None, most_each: int | None
    ) -> None:
        self._volumes = volumes
        self._rta_id = rta_id
        self._most = most
        self._most_each = most_each
        self.size = 0
        self.kept = False

    def take(self, size: int) -> None:
        """Count bytes.

        Raises:
            TicketSpent: the chunk, or the stream, would exceed what the ticket allows.
        """
        if self._most_each is not None and self.size + size > self._most_each:
            raise TicketSpent(f"the ticket allows {self._most_each} bytes a chunk")
        self._volumes.take(self._rta_id, size, self._most)
        self.size += size
