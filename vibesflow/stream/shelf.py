"""Chunks that wait in the table instead of in memory: how many, and where to look for them."""

from __future__ import annotations

from pydantic import BaseModel

from vibesflow.errors import InvalidChunkId
from vibesflow.stream.ids import parse_chunk_id
from vibesflow.stream.records import ChunkRow, RowStatus


def is_parked(status: RowStatus) -> bool:
    """Tell whether a row with this status is neither confirmed nor on its way."""
    return status not in (RowStatus.PROCESSING, RowStatus.UPLOADED)


class Shelf(BaseModel):
    """What the table holds of a stream that is neither confirmed nor in memory.

    Attributes:
        received: rows of chunks that no provider holds yet.
        stored: rows of chunks that a provider holds and the chain has not confirmed.
        parked: rows of chunks that were given up.
        pinned: how many of the parked ones have a second home.
        recalled: how many parked chunks are wanted back, since somebody asked for a retry.
        after: key of the row after which the next look begins; empty begins at ``since``.
        since: key before which no row is received or stored; empty for the first row of all. A
            stream has thousands of confirmed rows, and a look pays for all that it passes.
    """

    received: int = 0
    stored: int = 0
    parked: int = 0
    pinned: int = 0
    recalled: int = 0
    after: str = ""
    since: str = ""

    @property
    def waiting(self) -> int:
        """Chunks that go on as soon as there is room."""
        return self.received + self.stored + self.recalled

    def put(self, status: RowStatus, *, key: str, has_piece: bool) -> None:
        """Count a chunk whose row is all that is left of it in the stream."""
        if is_parked(status):
            self.parked += 1
            self.pinned += status is RowStatus.PINNED
            return
        self.since = min(self.since, key) if self.received or self.stored else key
        if has_piece:
            self.stored += 1
        else:
            self.received += 1

    def put_row(self, row: ChunkRow) -> None:
        """Count a chunk that nobody has in memory, unless it is confirmed."""
        if row.status is not RowStatus.UPLOADED:
            self.put(row.status, key=_key_of(row), has_piece=row.piece_cid is not None)

    def take(self, row: ChunkRow) -> None:
        """Count a chunk that is in memory again."""
        if is_parked(row.status):
            self.parked, self.recalled = max(0, self.parked - 1), max(0, self.recalled - 1)
            self.pinned = max(0, self.pinned - (row.status is RowStatus.PINNED))
        elif row.piece_cid is not None:
            self.stored = max(0, self.stored - 1)
        else:
            self.received = max(0, self.received - 1)

    def recall_parked(self) -> None:
        """Want every parked chunk back that is here now."""
        if self.parked:
            self.recalled, self.after = self.parked, ""

    def forget(self, *, received: bool, stored: bool, parked: bool) -> None:
        """Believe the table, which has no row of these kinds."""
        self.received *= not received
        self.stored *= not stored
        if parked:
            self.parked = self.pinned = self.recalled = 0


def _key_of(row: ChunkRow) -> str:
    try:
        return parse_chunk_id(row.chunk_id).key
    except InvalidChunkId:  # of other software; where such rows stand is the table's affair
        return ""
