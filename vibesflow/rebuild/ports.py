"""What rebuilding needs of the outside: an archive to read, and tables to write."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Sequence
from typing import Protocol

from vibesflow.filecoin.holdings import HeldDataSet, HeldPiece, HoldingProvider, Holdings
from vibesflow.stream.records import ChunkDetail, ChunkRow, StreamRecord
from vibesflow.stream.restoring import RestoredStream, RowTotals


class Archive(Protocol):
    """What a payer holds; see `vibesflow.filecoin.inventory.Inventory`."""

    async def holdings(self) -> Holdings:
        """Read all data sets."""
        ...

    def pieces(self, data_set: HeldDataSet) -> AsyncIterator[tuple[HeldPiece, ...]]:
        """Yield a data set's live pieces, page by page."""
        ...

    async def providers(self) -> dict[int, HoldingProvider]:
        """Read the providers; `content` and `digest` ask only those."""
        ...

    async def content(self, piece_cid: str, provider_ids: Sequence[int], most: int) -> bytes | None:
        """Return a piece's bytes, checked; None if nobody has them, or they are more."""
        ...

    async def digest(self, piece_cid: str, provider_ids: Sequence[int]) -> str | None:
        """Return the SHA-256 of a piece's bytes in hex, checked; None if nobody has them."""
        ...


class RestoringLedger(Protocol):
    """Tables that are written row by row, as they once were.

    All calls block, and raise what `vibesflow.ledger.port.LedgerWriter` raises. None deletes.
    """

    def stream_ids(self) -> Iterator[str]:
        """Yield the ids of all streams that the tables know."""
        ...

    def get_stream(self, rta_id: str) -> StreamRecord | None:
        """Return a stream's summary, strongly consistent."""
        ...

    def list_chunks(self, rta_id: str) -> Iterator[ChunkRow]:
        """Yield a stream's rows, strongly consistent."""
        ...

    def restore_rows(self, rows: Sequence[ChunkRow], *, overwrite: bool = False) -> int:
        """Write rows without moving counters; return how many were written.

        A row that stands stays as it is unless it is to be overwritten.
        """
        ...

    def restore_snapshot(self, rta_id: str, rev: int, details: Sequence[ChunkDetail]) -> None:
        """Write a snapshot unless it stands."""
        ...

    def restore_stream(self, stream: RestoredStream, *, standing_rev: int | None) -> bool:
        """Write a summary in one step; False if it is no more as the caller has read it.

        Args:
            stream: what it shall say.
            standing_rev: the ``rev`` it has now; None for a stream that is not there.
        """
        ...

    def recount(self, rta_id: str, totals: RowTotals, *, standing_rev: int) -> bool:
        """Correct a summary's counters alone; False if its ``rev`` is another."""
        ...
