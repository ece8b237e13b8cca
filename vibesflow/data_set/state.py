"""The queue of one data set: gathers pieces of many streams into batches."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import islice

from pydantic import BaseModel, Field

from vibesflow.data_set.orders import DataSetStatus, Pairs, PieceOrder
from vibesflow.data_set.place import CommitSent, LastBatch, Place

BATCH_PIECES = 40
"""Most pieces that one AddPieces may hold (Curio PDP API)."""
BATCH_BYTES = 14_000
"""Most JSON of a batch's pieces: with the nonce around it, the payload stays below 16 KiB."""
MOST_QUEUED = 2_000
"""Pieces that are kept in mind; those who wait for more of them order them again."""
QUEUED_BEFORE = 400
"""The same for runs without `workflows.patches.ROOM_FOR_A_BACKLOG`."""
MOST_CARRIED = 80
"""Pieces that a next run begins with: packed, they fill half a payload."""
MOST_GIVEN_UP = 80
"""Pieces of commits that were given up, as far as they are kept in mind; likewise."""
QUIET_MS = 3_000
"""A burst is over when no order has come for so long."""
_MOST_SHOWN = 50


class QueuedPiece(BaseModel):
    """A piece that waits for its commit, and the streams that wait for it."""

    piece_cid: str
    size: int
    source_url: str = ""
    metadata: Pairs = ()
    streams: dict[str, bool]
    """Whether the stream is urgent, by stream."""
    orders: dict[str, str] = Field(default_factory=dict)
    """The newest order of each stream."""
    patient: bool = False
    since_ms: int


class Batch(BaseModel):
    """Pieces that are committed by one AddPieces.

    Attributes:
        nonce: hex of the uint256 that makes the commit happen at most once on chain; it stays
            the same however often the commit is tried.
        pieces: distinct PieceCIDs, in the order sent.
    """

    nonce: str
    pieces: list[str]


class GivenUp(BaseModel):
    """Pieces whose commit failed for good and may land all the same, as long as its nonce lives.

    They are committed here under that nonce or not at all, so the chain takes them once.
    """

    nonce: str
    pieces: list[str]


class DataSetState(BaseModel):
    """All that a data set's workflow knows, carried through continue-as-new.

    Attributes:
        queue: pieces by PieceCID, oldest first, those of the batch included; a CID stands in it
            once however many streams wait for it.
        paused: why commits wait for a person.
        place: the provider, for people.
        sent: the batch's transaction, as far as it is known.
        last: the newest batch on chain.
        given_up: commits that may land yet, oldest first.
    """

    provider_id: int
    scope: Pairs = ()
    queue: dict[str, QueuedPiece] = Field(default_factory=dict)
    batch: Batch | None = None
    last_order_ms: int = 0
    data_set_id: int | None = None
    committed: int = 0
    batches: int = 0
    paused: str | None = None
    place: Place | None = None
    sent: CommitSent | None = None
    last: LastBatch | None = None
    given_up: list[GivenUp] = Field(default_factory=list)

    def add(self, orders: Iterable[PieceOrder], *, now_ms: int) -> None:
        """Take orders; the same one may come any number of times."""
        self.last_order_ms = now_ms
        for order in orders:
            piece = self.queue.get(order.piece_cid)
            if piece is None:
                piece = self.queue[order.piece_cid] = QueuedPiece(
                    piece_cid=order.piece_cid,
                    size=order.size,
                    source_url=order.source_url,
                    metadata=order.metadata,
                    streams={},
                    patient=order.patient,
                    since_ms=now_ms,
                )
            piece.streams[order.waits] = order.urgent or piece.streams.get(order.waits, False)
            if order.order_id:
                piece.orders[order.waits] = order.order_id

    def due_ms(self, *, linger_ms: int) -> int | None:
        """When the next batch should go, or None while nothing waits or one is under way."""
        if self.batch is not None or not self.queue:
            return None
        if len(self.queue) >= BATCH_PIECES:
            return 0
        oldest = min(piece.since_ms for piece in self.queue.values())
        if self._all_urgent():
            return min(oldest + linger_ms, self.last_order_ms + QUIET_MS)
        return oldest + linger_ms

    def form_batch(self, nonce: str) -> Batch:
        """Take the oldest pieces into a batch, as many as one message carries.

        Those of a commit that was given up go first, under the nonce that they had.
        """
        nonce, waiting = self._again() or (nonce, self.queue)
        left, pieces = BATCH_BYTES, list[str]()
        for cid, piece in islice(waiting.items(), BATCH_PIECES):
            left -= len(piece.model_dump_json(include={"piece_cid", "source_url", "metadata"}))
            if pieces and left < 0:
                break
            pieces.append(cid)
        self.batch = Batch(nonce=nonce, pieces=pieces)
        return self.batch

    def _again(self) -> tuple[str, dict[str, QueuedPiece]] | None:
        """Return a nonce that was given up and those of its pieces that are ordered again."""
        for commit in self.given_up:
            waiting = {cid: self.queue[cid] for cid in commit.pieces if cid in self.queue}
            if waiting:
                return commit.nonce, waiting
        return None

    def note_given_up(self, batch: Batch) -> None:
        """A commit failed for good, and nobody can tell whether it lands all the same.

        A nonce given up twice was sent with these pieces both times, so it stands for them alone.
        """
        self._forget(batch.nonce)
        self.given_up.append(GivenUp(nonce=batch.nonce, pieces=list(batch.pieces)))
        while sum(len(commit.pieces) for commit in self.given_up) > MOST_GIVEN_UP:
            del self.given_up[0]

    def _forget(self, nonce: str) -> None:
        self.given_up = [commit for commit in self.given_up if commit.nonce != nonce]

    def postpone(self, *, keep: int) -> dict[str, list[str]]:
        """Forget the newest pieces beyond ``keep``; return whom to tell, by stream.

        The batch stays, and so does what others than streams wait for: only streams order again.
        """
        told: dict[str, list[str]] = {}
        under_way = set(self.batch.pieces) if self.batch else set()
        for cid in list(self.queue)[keep:]:
            streams = self.queue[cid].streams
            if cid not in under_way and not any("/" in stream for stream in streams):
                for stream in streams:
                    told.setdefault(stream, []).append(cid)
                del self.queue[cid]
        return told

    def pieces_of(self, batch: Batch) -> list[QueuedPiece]:
        """The queued pieces of a batch, in its order."""
        return [self.queue[cid] for cid in batch.pieces]

    def note_sent(self, news: CommitSent) -> None:
        """The batch's transaction is under way; news of another batch come too late."""
        if self.batch is not None and self.batch.nonce == news.nonce:
            self.sent = news

    def note_committed(
        self,
        batch: Batch,
        data_set_id: int,
        ids: Mapping[str, int],
        *,
        tx_hash: str | None = None,
        at: str = "",
    ) -> dict[str, dict[str, int]]:
        """Take committed pieces off the queue; return the ids to tell, by stream."""
        pieces = self.pieces_of(batch)
        self.last = LastBatch(
            pieces=len(pieces),
            size_bytes=sum(piece.size for piece in pieces),
            tx_hash=tx_hash,
            committed_at=at,
        )
        self.sent = None
        self._forget(batch.nonce)
        told: dict[str, dict[str, int]] = {}
        for piece in pieces:
            for stream in piece.streams:
                told.setdefault(stream, {})[piece.piece_cid] = ids[piece.piece_cid]
            del self.queue[piece.piece_cid]
        self.data_set_id, self.batch, self.paused = data_set_id, None, None
        self.committed += len(batch.pieces)
        self.batches += 1
        return told

    def note_refused(self, batch: Batch, pieces: Iterable[str]) -> dict[str, dict[str, str]]:
        """Take pieces that this provider will not have off the queue.

        Returns:
            The refused order by piece, by the stream that is to be told.
        """
        told: dict[str, dict[str, str]] = {}
        for cid in pieces:
            piece = self.queue.pop(cid)
            for stream in piece.streams:
                told.setdefault(stream, {})[cid] = piece.orders.get(stream, "")
            if cid in batch.pieces:
                batch.pieces.remove(cid)
        if not batch.pieces:
            self.batch, self.sent = None, None
        return told

    @property
    def streams(self) -> list[str]:
        """The streams that wait, each once."""
        return list(self._each_stream())

    def _each_stream(self) -> Iterator[str]:
        seen: set[str] = set()
        for piece in self.queue.values():
            for stream in piece.streams:
                if stream not in seen:
                    seen.add(stream)
                    yield stream

    def report(self) -> DataSetStatus:
        """Spell the state as the answer of the ``status`` query."""
        under_way = self.pieces_of(self.batch) if self.batch else []
        return DataSetStatus(
            provider_id=self.provider_id,
            scope=self.scope,
            data_set_id=self.data_set_id,
            waiting=len(self.queue) - len(under_way),
            committing=len(under_way),
            committing_bytes=sum(piece.size for piece in under_way),
            committed=self.committed,
            batches=self.batches,
            paused=self.paused,
            streams=tuple(islice(self._each_stream(), _MOST_SHOWN)),
            place=self.place,
            sent=self.sent,
            last=self.last,
            given_up=len(self.given_up),
        )

    def _all_urgent(self) -> bool:
        urgent: dict[str, bool] = {}
        for piece in self.queue.values():
            if not piece.patient:
                for stream, is_urgent in piece.streams.items():
                    urgent[stream] = is_urgent or urgent.get(stream, False)
        return bool(urgent) and all(urgent.values())
