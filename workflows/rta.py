"""One live stream as one durable workflow (design section 3, rules 1 to 7)."""

from __future__ import annotations

from contextlib import suppress

from temporalio import workflow
from temporalio.exceptions import ActivityError, ApplicationError, is_cancelled_exception

with workflow.unsafe.imports_passed_through():
    from activities.messages import (
        AppendChunks,
        CompleteStream,
        FindChunk,
        OpenStream,
        PublishDocument,
        ReleaseStaged,
        StoreChunk,
    )
    from vibesflow.data_set.orders import CommitDelayed, PiecesCommitted, PiecesRefused
    from vibesflow.errors import LedgerMoved, NothingToComplete
    from vibesflow.stream.chunk import ChunkRef
    from vibesflow.stream.completion import Decision, decide, settle_deadline_ms
    from vibesflow.stream.documents import StoredDocument
    from vibesflow.stream.records import RowWrite
    from vibesflow.stream.report import report_chunks, report_completion, report_status
    from vibesflow.stream.state import RtaState
    from vibesflow.stream.status import (
        ChunkPage,
        ChunkPhase,
        CompletionReply,
        StreamState,
        StreamStatus,
    )
    from vibesflow.stream.tracking import TrackedChunk
    from workflows import messages, policies
    from workflows.board import TaskBoard
    from workflows.clock import now_iso, now_ms, to_ms
    from workflows.departure import Departure
    from workflows.details import render_details
    from workflows.failures import reason_of, type_of
    from workflows.messages import CompleteUpdate, RtaInput, RtaResult
    from workflows.placing import place_request
    from workflows.policies import Reply, Request, Step

_SHOWN = {
    Decision.RECORD: StreamState.RECORDING,
    Decision.SETTLE: StreamState.FINISHING,
    Decision.LINGER: StreamState.COMPLETE,
    Decision.END: StreamState.COMPLETE,
    Decision.STALL: StreamState.STALLED,
}


_DONE = (Decision.LINGER, Decision.END)
_COMPLETE_NOW = CompleteUpdate()


@workflow.defn(name=messages.RTA_WORKFLOW)
class RtaWorkflow:
    """Receives chunks, has each one stored, committed and recorded, and completes the stream.

    Handlers only record. One loop looks at the state whenever something happened, starts what
    can be started, and asks `decide` whether the stream is complete.
    """

    @workflow.init
    def __init__(self, start: RtaInput) -> None:
        self._options = start.options
        self._state = start.state or RtaState(rta_id=start.rta_id)
        self._board = TaskBoard()
        self._departure = Departure(self._board)
        self._decision = Decision.RECORD

    # --- messages ------------------------------------------------------------------------

    @workflow.signal(name=messages.SUBMIT_CHUNK)
    def submit_chunk(self, chunk: ChunkRef) -> None:
        """A chunk was staged; the same one may come any number of times."""
        self._state.take(chunk, now_ms=now_ms())
        self._board.wake()

    @workflow.signal(name=messages.RETRY_FAILED)
    def retry_failed(self) -> None:
        """Drive every parked chunk again."""
        self._state.retry_requested = True
        self._board.wake()

    @workflow.signal(name=messages.PIECES_COMMITTED)
    def pieces_committed(self, news: PiecesCommitted) -> None:
        """A data set has pieces of this stream on chain."""
        self._state.note_committed(news, now_ms=now_ms())
        self._board.wake()

    @workflow.signal(name=messages.PIECES_REFUSED)
    def pieces_refused(self, news: PiecesRefused) -> None:
        """A provider will not do for pieces of this stream."""
        self._state.note_refused(news)
        self._board.wake()

    @workflow.signal(name=messages.COMMIT_DELAYED)
    def commit_delayed(self, news: CommitDelayed) -> None:
        """Commits wait for a person; the stream says so and goes on storing."""
        self._state.note_delayed(news)
        self._board.wake()

    @workflow.update(name=messages.COMPLETE)
    async def complete(self, request: CompleteUpdate = _COMPLETE_NOW) -> CompletionReply:
        """Complete the stream without waiting for silence, once its chunks are stored."""
        await workflow.wait_condition(lambda: self._state.opened)
        if self._decision in _DONE and not self._state.is_storing:
            return report_completion(self._state, already=True)
        if not (self._state.has_pieces or self._state.is_storing):
            raise _nothing_to_complete()
        self._state.complete_requested = True
        self._board.wake()
        before = self._state.version
        with suppress(TimeoutError):
            await workflow.wait_condition(
                lambda: self._completed_since(before) or self._departure.is_draining,
                timeout=request.wait_s,
                timeout_summary="answer to complete",
            )
        if self._decision is Decision.STALL:
            raise _nothing_to_complete()
        return report_completion(self._state)

    @workflow.query(name=messages.STATUS)
    def status(self) -> StreamStatus:
        """Where the stream stands."""
        shown = _SHOWN.get(self._decision, StreamState.FINISHING)
        return report_status(self._state, shown, window_s=self._options.window_s)

    @workflow.query(name=messages.CHUNKS)
    def chunks(self, offset: int = 0, limit: int = 1_000) -> ChunkPage:
        """The chunks that are on their way, or parked; confirmed ones are in the table."""
        return report_chunks(self._state, offset=offset, limit=limit)

    # --- the story -----------------------------------------------------------------------

    @workflow.run
    async def run(self, start: RtaInput) -> RtaResult:
        """Record until the stream is complete and nothing is outstanding."""
        await self._open()
        if not self._state.opened:
            return RtaResult(state="unknown")
        self._board.spawn("window", self._keep_window)
        while True:
            await workflow.wait_condition(lambda: self._board.awake)
            self._board.awake = False
            self._board.reap()
            self._advance()
            if self._departure.is_due():
                workflow.continue_as_new(
                    RtaInput(rta_id=start.rta_id, options=self._options, state=self._state)
                )
            if self._may_end():
                await workflow.wait_condition(workflow.all_handlers_finished)
                if not self._board.awake:
                    return self._result()

    def _advance(self) -> None:
        """Start everything that can be started now, and decide where the stream stands."""
        state = self._state
        state.admit_inbox()
        state.retry_parked()
        self._decision = decide(
            state,
            now_ms=now_ms(),
            window_ms=to_ms(self._options.window_s),
            settle_ms=to_ms(self._options.settle_s),
        )
        if self._decision in _DONE:
            state.complete_requested = False
        if not self._departure.is_draining:
            self._start_lookups()
            self._start_stores()
            self._start_placement()
            self._start_append()
            self._start_release()
            self._start_completion()
        self._show()

    async def _open(self) -> None:
        state = self._state
        while not state.opened:
            creator = state.creator or next((c.creator for c in state.inbox), "")
            request = OpenStream(rta_id=state.rta_id, creator=creator, at=now_iso())
            opened = await self._insist(policies.OPEN_STREAM, request, "open the stream")
            if opened.record is not None:
                state.load(opened.record, opened.sessions, opened.unconfirmed)
            elif not state.inbox:
                return

    # --- steps ---------------------------------------------------------------------------

    def _start_lookups(self) -> None:
        for chunk in self._state.suspects:
            self._board.spawn(f"find:{chunk.key}", self._look_up, chunk)

    async def _look_up(self, chunk: ChunkRef) -> None:
        request = FindChunk(rta_id=chunk.rta_id, chunk_id=chunk.chunk_id)
        found = await self._insist(policies.FIND_CHUNK, request, f"seen before? {chunk.chunk_id}")
        self._state.resolve_suspect(chunk, found.row)

    def _start_stores(self) -> None:
        running = len(self._board.named("store:"))
        for key in self._state.to_store():
            if running >= self._options.parallel_uploads:
                break
            running += self._board.spawn(f"store:{key}", self._store, key)

    async def _store(self, key: str) -> None:
        chunk = self._state.chunks[key].ref
        request = StoreChunk(
            chunk=chunk,
            preferred_provider=self._state.provider_id,
            urgent=self._state.is_ending(chunk),
        )
        step = policies.STORE_CHUNK.within(self._options.give_up_s)
        try:
            piece = await step(request, summary=chunk.chunk_id)
        except ActivityError as error:
            self._state.park(key, reason_of(error))
        else:
            self._state.note_stored(key, piece, now_ms=now_ms())

    def _start_placement(self) -> None:
        waiting = self._state.to_place()[: policies.PLACE_PIECES]
        if waiting:
            self._board.spawn("place", self._place, waiting)

    async def _place(self, items: list[TrackedChunk | StoredDocument]) -> None:
        """Order copies anew, ever more slowly while providers keep refusing them."""
        state = self._state
        if state.refusals:
            pause_s = min(2.0**state.refusals, policies.SLOW_RETRY.total_seconds())
            await workflow.sleep(pause_s, summary="before other providers are asked")
        request = place_request(state, items)
        if request is not None:
            placed = await self._insist(
                policies.PLACE_COPIES, request, f"copies of {len(request.pieces)} pieces"
            )
            state.note_placed({piece.piece_cid: piece for piece in placed.pieces})

    def _start_append(self) -> None:
        if "append" in self._board or "complete" in self._board:
            return
        writes = self._state.rows_to_write(
            limit=policies.APPEND_ROWS,
            unconfirmed_too=self._decision is Decision.COMPLETE,
            now_ms=now_ms(),
        )
        if writes and (len(writes) == policies.APPEND_ROWS or self._rows_are_due()):
            self._board.spawn("append", self._append, writes)
        elif writes:
            self._board.spawn("linger", self._linger)

    async def _linger(self) -> None:
        await workflow.sleep(policies.ROW_LINGER_MS / 1000, summary="rows wait for company")

    def _rows_are_due(self) -> bool:
        if self._decision is Decision.COMPLETE or not self._departure.work_under_way():
            return True
        waited_ms = now_ms() - self._state.oldest_confirmation_ms(now_ms())
        return waited_ms >= policies.ROW_LINGER_MS

    async def _append(self, writes: list[RowWrite]) -> None:
        state = self._state
        request = AppendChunks(
            rta_id=state.rta_id,
            writes=tuple(writes),
            reopen_version=state.version if state.is_complete else None,
            at=now_iso(),
        )
        summary = f"{len(writes)} rows from {writes[0].row.chunk_id}"
        reply = await self._insist(policies.APPEND_CHUNKS, request, summary)
        state.is_complete = False
        state.note_written(writes, {row.chunk_id: row.reason for row in reply.rejected})

    def _start_release(self) -> None:
        waiting = self._state.releasable
        if waiting and (self._decision in _DONE or len(waiting) >= policies.RELEASE_KEYS):
            self._board.spawn("release", self._release, tuple(waiting[: policies.RELEASE_KEYS]))

    async def _release(self, keys: tuple[str, ...]) -> None:
        summary = f"{len(keys)} confirmed chunks leave staging"
        await self._insist(policies.RELEASE_STAGED, ReleaseStaged(keys=keys), summary)
        del self._state.releasable[: len(keys)]

    def _start_completion(self) -> None:
        state = self._state
        if self._decision is Decision.SETTLE:
            state.finishing_since_ms = state.finishing_since_ms or now_ms()
            self._board.spawn("settle", self._keep_settle_time)
        if self._decision is Decision.COMPLETE and "append" not in self._board:
            self._board.spawn("complete", self._complete)

    async def _complete(self) -> None:
        state, revision = self._state, self._state.revision
        version, at = state.version + 1, now_iso()
        state.publishing = True
        published = await self._insist(
            policies.PUBLISH_DOCUMENT,
            PublishDocument(
                rta_id=state.rta_id,
                creator=state.creator,
                version=version,
                at=at,
                preferred_provider=state.provider_id,
            ),
            f"document version {version}",
        )
        request = CompleteStream(
            rta_id=state.rta_id,
            version=version,
            rev=published.rev,
            metadata_cid=published.stored.piece_cid,
            storage_provider=published.storage_provider,
            at=at,
        )
        try:
            await policies.COMPLETE_STREAM(request, summary=f"complete as version {version}")
        except ActivityError as error:
            state.publishing = False
            await self._pause(error, unless=LedgerMoved.code)
            return  # the loop decides again, from the rows as they are now
        state.publishing = False
        document = StoredDocument(version=version, size=published.size, stored=published.stored)
        state.note_completed(document, revision=revision, now_ms=now_ms())

    async def _insist(self, step: Step[Request, Reply], request: Request, summary: str) -> Reply:
        """Run a step that must not be given up; one that fails for good is tried slowly on."""
        while True:
            try:
                return await step(request, summary=summary)
            except ActivityError as error:
                await self._pause(error)

    async def _pause(self, error: ActivityError, unless: str | None = None) -> None:
        if is_cancelled_exception(error):
            raise error
        self._state.last_error = reason_of(error)
        if unless is None or type_of(error) != unless:
            await workflow.sleep(policies.SLOW_RETRY, summary="a step failed for good")

    # --- time ----------------------------------------------------------------------------

    async def _keep_window(self) -> None:
        """One timer for the window, re-armed when it fires early because a chunk came."""
        while True:
            await workflow.wait_condition(lambda: self._window_left_s() > 0)
            await workflow.sleep(self._window_left_s(), summary="idle window")
            self._board.wake()

    async def _keep_settle_time(self) -> None:
        until_ms = settle_deadline_ms(self._state, now_ms(), to_ms(self._options.settle_s))
        await workflow.sleep((until_ms - now_ms()) / 1000, summary="settle time")

    def _window_left_s(self) -> float:
        due_ms = self._state.last_receipt_ms + to_ms(self._options.window_s)
        return (due_ms - now_ms()) / 1000

    # --- leaving -------------------------------------------------------------------------

    def _may_end(self) -> bool:
        return self._decision in (Decision.END, Decision.STALL) and not self._board.besides(
            "window", "settle"
        )

    def _result(self) -> RtaResult:
        state = self._state
        return RtaResult(
            state=_SHOWN[self._decision],
            version=state.version,
            metadata_cid=state.metadata_cid,
            chunks=state.confirmed,
            total_duration_ms=state.confirmed_ms,
            parked=state.count(ChunkPhase.PARKED),
        )

    # --- what operators and callers see --------------------------------------------------

    def _show(self) -> None:
        workflow.set_current_details(render_details(self.status()))
        shown = _SHOWN.get(self._decision)
        if shown and shown != workflow.info().typed_search_attributes.get(messages.STATE_KEY):
            workflow.upsert_search_attributes([messages.STATE_KEY.value_set(shown)])

    def _completed_since(self, version: int) -> bool:
        state = self._state
        settled = self._decision in _DONE and not (state.is_storing or state.has_changed)
        return state.version > version or settled or self._decision is Decision.STALL


def _nothing_to_complete() -> ApplicationError:
    return ApplicationError(
        "no chunk of this stream has a PieceCID yet", type=NothingToComplete.code
    )
