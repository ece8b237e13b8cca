"""The ledger: the table that readers see."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Protocol

from vibesflow.stream.records import (
    AuditMark,
    ChunkDetail,
    ChunkRow,
    Completion,
    CopyMove,
    Relisting,
    RowWrite,
    StreamOpening,
    StreamPage,
    StreamRecord,
)


class LedgerWriter(Protocol):
    """The writes. Each may be repeated: what was done is not done twice.

    All calls block (boto3) and belong on a thread. They raise `TableDown` or `TableThrottled`
    when the table does not answer, `LedgerRejected` when it calls the request wrong.
    """

    def open_stream(self, opening: StreamOpening) -> StreamRecord:
        """Create the stream if it is new; return its record as it stands, complete or not."""
        ...

    def reopen_stream(self, rta_id: str, *, version: int, at: str) -> StreamRecord:
        """Make a stream that completed as ``version`` take rows again; it stays in the list.

        Reopening again what is open since that version returns the record as it stands.

        Raises:
            LedgerMoved: the stream stands at another version.
            StreamNotFound: it was never opened.
        """
        ...

    def settle_rows(self, rta_id: str, writes: Sequence[RowWrite]) -> int:
        """Write rows and move the counters by exactly their effect, in transactions of 40.

        A row that already stands as asked is passed over. Returns how many rows were written now.

        Raises:
            ChunkConflict: a row stands with other content than the caller believes.
            StreamClosed: the stream is complete; reopen it first.
            StreamNotFound: it was never opened.
        """
        ...

    def complete_stream(self, completion: Completion) -> StreamRecord:
        """Write the snapshot, then make the stream complete as ``version``, exactly once.

        Completing again with the same version returns the record as it stands.

        Raises:
            LedgerMoved: the stream's ``rev`` is not the one that the document was compiled from.
            StreamNotFound: it was never opened.
        """
        ...


class LedgerReader(Protocol):
    """The reads. None of them writes, and none is a Scan."""

    def get_stream(self, rta_id: str) -> StreamRecord | None:
        """Return the stream's summary, strongly consistent, or None."""
        ...

    def get_chunk(self, rta_id: str, chunk_id: str) -> ChunkRow | None:
        """Return one row, strongly consistent, or None."""
        ...

    def list_chunks(self, rta_id: str, *, after: str = "", since: str = "") -> Iterator[ChunkRow]:
        """Yield all rows, strongly consistent, in table order (time, sequence), page by page.

        With ``after``, the key of a row, only those behind it; with ``since``, the key of a chunk
        that may have no row, only those from there on.
        """
        ...

    def list_completed(
        self, *, limit: int, cursor: str | None = None, creator: str | None = None
    ) -> StreamPage:
        """Return a page of streams that completed at least once, newest first.

        Raises:
            InvalidCursor: the cursor is altered, or belongs to another query.
        """
        ...

    def list_open(self, *, limit: int, cursor: str | None = None) -> StreamPage:
        """Return a page of streams that are being recorded, newest first."""
        ...

    def list_parked(self, *, limit: int, cursor: str | None = None) -> StreamPage:
        """Return a page of streams with parked chunks, complete or not, newest first."""
        ...

    def details(self, keys: Sequence[tuple[str, int]]) -> dict[str, tuple[ChunkDetail, ...]]:
        """Return the snapshots of (rta_id, detail_rev), by rta_id."""
        ...

    def check(self) -> None:
        """Return if the tables answer; raise `TableDown` if not."""
        ...


class LedgerKeeper(Protocol):
    """What an audit needs; it moves no counter, and every call may be repeated."""

    def rows_after(self, rta_id: str, chunk_id: str | None, *, limit: int) -> tuple[ChunkRow, ...]:
        """Return at most so many rows that follow a chunk's in table order, or the first ones.

        Strongly consistent; fewer than ``limit`` mean that there are no more.
        """
        ...

    def move_copies(self, rta_id: str, moves: Sequence[CopyMove]) -> None:
        """Say where confirmed chunks' copies are now; the stream's ``rev`` grows.

        Raises:
            LedgerMoved: a row is not confirmed with that PieceCID (any more), or names other copies
                than it should.
        """
        ...

    def relist(self, listing: Relisting) -> None:
        """Have lists show a complete stream as it is now: a new snapshot, the same version.

        Raises:
            LedgerMoved: the stream is at another ``rev``, or was reopened.
        """
        ...

    def note_audit(self, mark: AuditMark) -> None:
        """Keep how a stream's audit came out; ``rev`` stays as it is.

        Raises:
            StreamNotFound: it was never opened.
        """
        ...


class Ledger(LedgerWriter, LedgerReader, LedgerKeeper, Protocol):
    """All sides, for those who need them."""
