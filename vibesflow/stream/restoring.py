"""A stream's summary as it is to be written whole, when its table was lost."""

from __future__ import annotations

from collections.abc import Iterable

from pydantic import Field

from vibesflow.stream.chunk import Message
from vibesflow.stream.records import ChunkRow, Completion, RowStatus


class RowTotals(Message):
    """What a stream's rows add up to; see `StreamRecord` for the fields.

    Attributes:
        by_status: rows by the status' name, without those that are on their way.
        parked_since: when the first of the rows that wait for a retry was written; None if there
            is no such row.
    """

    chunks: int = 0
    by_status: dict[str, int] = Field(default_factory=dict)
    total_bytes: int = 0
    total_duration_ms: int = 0
    parked_since: str | None = None


class RestoredStream(Message):
    """Everything that the summary item says.

    Attributes:
        completion: the newest one; its details are the newest snapshot. None if there was none.
        first_completed_at: ISO 8601 UTC of the first completion, the stream's place in lists.
        is_complete: False while it is being recorded, and when it was reopened.
        listed_open_at: ISO 8601 UTC, its place among the open ones.
    """

    rta_id: str
    creator: str
    opened_at: str
    totals: RowTotals
    rev: int
    completion: Completion | None = None
    first_completed_at: str | None = None
    is_complete: bool = False
    listed_open_at: str

    @property
    def version(self) -> int:
        """The document version that the stream stands at."""
        return self.completion.version if self.completion else 0


def totals_of(rows: Iterable[ChunkRow]) -> RowTotals:
    """Add up rows."""
    chunks = total_bytes = total_ms = 0
    by_status = {status.value: 0 for status in RowStatus if status is not RowStatus.PROCESSING}
    parked: list[str] = []
    for row in rows:
        chunks += 1
        if row.status is not RowStatus.PROCESSING:
            by_status[row.status.value] += 1
        if row.status.waits_for_filecoin:
            parked.append(row.written_at)
        if row.piece_cid is not None:
            total_bytes += row.size
            total_ms += row.duration_ms
    return RowTotals(
        chunks=chunks,
        by_status=by_status,
        total_bytes=total_bytes,
        total_duration_ms=total_ms,
        parked_since=min(parked, default=None),
    )
