"""A stream driven step by step, without Temporal: state, `decide`, real ledger activities.

A test chooses which step comes next, when time passes and when a run begins anew, so orders that
a server would hardly ever show can be drawn at will.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass, field

from activities.messages import AppendChunks, CompleteStream, FindChunk, LoadRows, OpenStream
from activities.streams import StreamActivities
from tests.fakes.ledger import MemoryLedger
from tests.stream.chunks import START_MS
from vibesflow.data_set.orders import PiecesCommitted
from vibesflow.stream.chunk import ChunkRef
from vibesflow.stream.completion import Decision, decide, settle_deadline_ms
from vibesflow.stream.document import compile_document
from vibesflow.stream.documents import StoredDocument
from vibesflow.stream.ids import parse_chunk_id
from vibesflow.stream.placement import Copy, StoredPiece
from vibesflow.stream.records import RowWrite
from vibesflow.stream.retrying import retry_parked
from vibesflow.stream.shelving import rows_to_shelve, shelve, take_back, wanted_back
from vibesflow.stream.state import RtaState
from vibesflow.stream.times import iso_utc
from vibesflow.stream.tracking import TrackedChunk

RTA_ID = "rta_1"
WINDOW_MS, SETTLE_MS = 360_000, 1_800_000
_DONE = (Decision.LINGER, Decision.END)

Step = Callable[[], None]


@dataclass
class Simulation:
    """One stream, run after run.

    Attributes:
        lost: keys of chunks whose bytes are missing, so that storing parks them.
        chain_open: False, nothing is confirmed.
    keep: chunks beyond which some wait in the table; very few, so that it is common here.
        documents: what was published, by version, with its PieceCID.
        unsettled: chunks that were received and not stored or parked when a version came to be.
    """

    lost: set[str] = field(default_factory=set)
    chain_open: bool = True
    keep: int = 2
    now_ms: int = START_MS
    ledger: MemoryLedger = field(default_factory=MemoryLedger)
    state: RtaState | None = None
    documents: dict[int, tuple[str, dict[str, object]]] = field(default_factory=dict)
    completed_at: list[int] = field(default_factory=list)
    unsettled: list[str] = field(default_factory=list)
    _published: StoredDocument | None = None
    _published_rev: int = 0
    _piece_ids: dict[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._activities = StreamActivities(self.ledger)

    # --- what comes from outside -----------------------------------------------------------

    def submit(self, chunk: ChunkRef) -> None:
        """Signal-with-start."""
        self._running().take(chunk, now_ms=self.now_ms)

    def retry(self) -> None:
        """The operator's retry, also after completion."""
        self._running().retry_requested = True

    def complete(self) -> None:
        """Completion by hand; without a run there is nothing to complete."""
        if self.state is not None and (self.state.has_pieces or self.state.is_storing):
            self.state.complete_requested = True

    def begin_anew(self) -> None:
        """Continue as new, as far as the state is concerned; never while publishing."""
        if self.state is not None and self._published is None:
            self.state = RtaState.model_validate_json(self.state.model_dump_json())

    def pass_time(self, duration_ms: int) -> None:
        """Let time pass in a world whose steps take none; timers fire to the millisecond."""
        until_ms = self.now_ms + duration_ms
        self.settle()
        while (due_ms := self._next_timer()) is not None and due_ms <= until_ms:
            self.now_ms = due_ms
            self.settle()
        self.now_ms = until_ms
        self.settle()

    # --- the main loop, one step at a time -------------------------------------------------

    def settle(self) -> None:
        """Take every step that can be taken."""
        for _ in range(10_000):
            steps = self.steps()
            if not steps:
                return
            steps[0]()
        raise AssertionError("the stream never comes to rest")

    def steps(self) -> list[Step]:
        """What could be done next; ends the run when nothing is left and it may end."""
        state = self.state
        if state is None:
            return []
        if not state.opened:
            return [self._open]
        decision = self._look(state)
        lacking = shelve(state, keep=self.keep)
        found: list[Step] = [lambda c=chunk: self._look_up(c) for chunk in state.suspects]
        found += [lambda k=key: self._store(k) for key in state.to_store()]
        if self.chain_open:
            waiting = [*state.chunks.values(), *state.documents]
            found += [lambda w=w: self._confirm(w) for w in waiting if self._is_unsafe(w)]
        found += [lambda c=c: self._order_again(c) for c in state.to_place()]
        if wanted_back(state) and len(state.chunks) < self.keep:
            found.append(self._recall)
        found += self._table_steps(state, decision, lacking)
        if not found and decision in (Decision.END, Decision.STALL):
            self.state = None
        return found

    def _look(self, state: RtaState) -> Decision:
        state.admit_inbox()
        retry_parked(state)
        decision = decide(state, now_ms=self.now_ms, window_ms=WINDOW_MS, settle_ms=SETTLE_MS)
        if decision in _DONE:
            state.complete_requested = False
        if decision is Decision.SETTLE:
            state.finishing_since_ms = state.finishing_since_ms or self.now_ms
        return decision

    def _table_steps(
        self, state: RtaState, decision: Decision, lacking: list[TrackedChunk]
    ) -> list[Step]:
        if self._published is not None:
            return [self._finish]
        if lacking:
            return [lambda: self._write(rows_to_shelve(lacking, now_ms=self.now_ms))]
        completing = decision is Decision.COMPLETE
        if state.rows_to_write(limit=1, unconfirmed_too=completing, now_ms=self.now_ms):
            return [lambda: self._append(unconfirmed_too=completing)]
        return [self._publish] if completing else []

    def _next_timer(self) -> int | None:
        state = self.state
        if state is None or not state.opened:
            return None
        timers = [state.last_receipt_ms + WINDOW_MS]
        if state.finishing_since_ms is not None:
            timers.append(settle_deadline_ms(state, self.now_ms, SETTLE_MS))
        return min((at for at in timers if at > self.now_ms), default=None)

    # --- the steps -------------------------------------------------------------------------

    def _running(self) -> RtaState:
        if self.state is None:
            self.state = RtaState(rta_id=RTA_ID)
        return self.state

    def _open(self) -> None:
        state = self._running()
        creator = next((c.creator for c in state.inbox), "")
        opened = self._activities.open_stream(
            OpenStream(rta_id=RTA_ID, creator=creator, at=iso_utc(self.now_ms))
        )
        if opened.record is None:
            self.state = None
        else:
            state.load(opened.record, opened.sessions, opened.shelf)

    def _look_up(self, chunk: ChunkRef) -> None:
        request = FindChunk(rta_id=RTA_ID, chunk_id=chunk.chunk_id)
        self._running().resolve_suspect(chunk, self._activities.find_chunk(request).row)

    def _recall(self) -> None:
        state = self._running()
        wanted = wanted_back(state)
        page = self._activities.load_rows(
            LoadRows(
                rta_id=RTA_ID,
                after=state.shelf.after,
                since="" if wanted.parked else state.shelf.since,
                received=wanted.received,
                stored=wanted.stored,
                parked=wanted.parked,
            )
        )
        taken = take_back(state, page.rows[:1])  # one by one, or it would have to go again
        state.shelf.after = parse_chunk_id(page.rows[0].chunk_id).key if page.rows else ""
        assert taken or not page.found_none, "the shelf's counts are wrong"

    def _order_again(self, item: TrackedChunk | StoredDocument) -> None:
        assert item.stored is not None
        self._running().note_placed({item.stored.piece_cid: item.stored}, now_ms=self.now_ms)

    def _store(self, key: str) -> None:
        state = self._running()
        if key in self.lost:
            state.park(key, "its bytes are missing")
            return
        copy = Copy(provider_id=1, base_url="http://1/")
        piece = StoredPiece(piece_cid=f"cid-{state.chunks[key].ref.sha256}", copies=[copy])
        state.note_stored(key, piece, now_ms=self.now_ms)

    def _is_unsafe(self, item: TrackedChunk | StoredDocument) -> bool:
        return item.stored is not None and not item.stored.is_safe

    def _confirm(self, item: TrackedChunk | StoredDocument) -> None:
        assert item.stored is not None
        cid = item.stored.piece_cid
        pieces = {cid: self._piece_ids.setdefault(cid, len(self._piece_ids))}
        news = PiecesCommitted(provider_id=1, data_set_id=7, pieces=pieces)
        self._running().note_committed(news, now_ms=self.now_ms)

    def _append(self, *, unconfirmed_too: bool) -> None:
        state = self._running()
        writes = state.rows_to_write(limit=3, unconfirmed_too=unconfirmed_too, now_ms=self.now_ms)
        self._write(writes)

    def _write(self, writes: list[RowWrite]) -> None:
        state = self._running()
        reply = self._activities.append_chunks(
            AppendChunks(
                rta_id=RTA_ID,
                writes=tuple(writes),
                reopen_version=state.version if state.is_complete else None,
                at=iso_utc(self.now_ms),
            )
        )
        state.is_complete = False
        state.note_written(writes, {row.chunk_id: row.reason for row in reply.rejected})

    def _publish(self) -> None:
        state = self._running()
        record, rows = self.ledger.records[RTA_ID], list(self.ledger.list_chunks(RTA_ID))
        version = state.version + 1
        data = compile_document(record, rows, version=version, compiled_at=iso_utc(self.now_ms))
        cid = f"doc-{hashlib.sha256(data).hexdigest()}"
        copy = Copy(provider_id=1, base_url="http://1/")
        stored = StoredPiece(piece_cid=cid, copies=[copy])
        self._published = StoredDocument(version=version, size=len(data), stored=stored)
        self._published_rev, state.publishing = record.rev, True
        self._compiled_revision = state.revision
        self.documents[version] = (cid, json.loads(data))

    def _finish(self) -> None:
        state, document = self._running(), self._published
        assert document is not None
        self._activities.complete_stream(
            CompleteStream(
                rta_id=RTA_ID,
                version=document.version,
                rev=self._published_rev,
                metadata_cid=document.stored.piece_cid,
                at=iso_utc(self.now_ms),
            )
        )
        self._published, state.publishing = None, False
        state.note_completed(document, revision=self._compiled_revision, now_ms=self.now_ms)
        self.completed_at.append(self.now_ms)
