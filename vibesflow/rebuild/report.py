"""How a rebuild came out, stream by stream and in sum."""

from __future__ import annotations

from pydantic import BaseModel, Field

from vibesflow.rebuild.facts import Fact, Unknown, summed


class StreamReport(BaseModel):
    """What was written of one stream, or would be.

    Attributes:
        version: document version that was found; 0 if it was never completed.
        rows: rows written.
        stream: its summary was written, or its counters corrected.
        differing: what stands otherwise in the table and was left so, by field or chunk id.
        failed: why nothing, or not all, could be written.
    """

    rta_id: str
    version: int = 0
    is_complete: bool = False
    chunks: int = 0
    rows: int = 0
    stream: bool = False
    differing: tuple[str, ...] = ()
    unknown: tuple[Unknown, ...] = ()
    failed: str | None = None


class RebuildReport(BaseModel):
    """All streams.

    Attributes:
        ended_data_sets: ids of data sets that are gone, with whatever only they had.
        not_found: streams that were asked for and that nothing on chain names.
    """

    payer: str
    dry_run: bool
    data_sets: int = 0
    other_data_sets: int = 0
    ended_data_sets: tuple[int, ...] = ()
    pieces: int = 0
    unread_pieces: int = 0
    streams: list[StreamReport] = Field(default_factory=list)
    not_found: tuple[str, ...] = ()

    @property
    def rows(self) -> int:
        """Rows written."""
        return sum(stream.rows for stream in self.streams)

    @property
    def written(self) -> int:
        """Streams of which anything was written."""
        return sum(bool(stream.rows or stream.stream) for stream in self.streams)

    @property
    def failed(self) -> list[StreamReport]:
        """Streams that could not be written, or not whole."""
        return [stream for stream in self.streams if stream.failed]

    @property
    def unknown(self) -> dict[Fact, int]:
        """How often each fact is not known."""
        return summed(unknown for stream in self.streams for unknown in stream.unknown)
