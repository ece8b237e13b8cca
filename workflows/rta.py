"""One live stream as one durable workflow (design section 3, rules 1 to 7)."""

from __future__ import annotations

from contextlib import suppress

from temporalio import workflow
from temporalio.exceptions import ApplicationError

with workflow.unsafe.imports_passed_through():
    from activities.messages import OpenStream
    from vibesflow.data_set.orders import (
        CommitDelayed,
        PiecesCommitted,
        PiecesPostponed,
        PiecesRefused,
    )
    from vibesflow.errors import NothingToComplete
    from vibesflow.stream.chunk import ChunkRef
    from vibesflow.stream.completion import DONE, Decision, decide
    from vibesflow.stream.report import report_chunks, report_completion, report_status
    from vibesflow.stream.retrying import ask_retry, retry_parked
    from vibesflow.stream.setbacks import note_postponed, note_refused
    from vibesflow.stream.state import RtaState
    from vibesflow.stream.status import (
        ChunkPage,
        CompletionReply,
        StreamState,
        StreamStatus,
    )
    from workflows import messages, policies
    from workflows.board import TaskBoard
    from workflows.clock import now_iso, now_ms, to_ms
    from workflows.departure import Departure
    from workflows.details import render_details
    from workflows.messages import CompleteUpdate, RetryChunks, RtaInput, RtaResult
    from workflows.steps.completing import Completing
    from workflows.steps.insisting import Insistence
    from workflows.steps.pinning import Pinning
    from workflows.steps.placing import Placing
    from workflows.steps.recording import Recording
    from workflows.steps.shelving import Shelving
    from workflows.steps.storing import Storing
    from workflows.steps.watching import Watching
    from workflows.steps.window import IdleWindow
    from workflows.versions import successor

_SHOWN = {
    Decision.RECORD: StreamState.RECORDING,
    Decision.SETTLE: StreamState.FINISHING,
    Decision.LINGER: StreamState.COMPLETE,
    Decision.END: StreamState.COMPLETE,
    Decision.STALL: StreamState.STALLED,
}

_COMPLETE_NOW = CompleteUpdate()
_RETRY_ALL = RetryChunks()


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
        self._insist = Insistence(self._state)
        self._storing = Storing(self._state, self._board, self._options)
        self._placing = Placing(self._state, self._board)
        self._watching = Watching(self._state, self._board)
        self._recording = Recording(self._state, self._board, self._departure)
        self._shelving = Shelving(self._state, self._board, self._recording)
        self._completing = Completing(self._state, self._board, self._options)
        self._pinning = Pinning(self._state, self._board)

    # --- messages ------------------------------------------------------------------------

    @workflow.signal(name=messages.SUBMIT_CHUNK)
    def submit_chunk(self, chunk: ChunkRef) -> None:
        """A chunk was staged; the same one may come any number of times."""
        self._state.take(chunk, now_ms=now_ms())
        self._board.wake()

    @workflow.signal(name=messages.RETRY_FAILED)
    def retry_failed(self, request: RetryChunks = _RETRY_ALL) -> None:
        """Drive parked chunks again."""
        ask_retry(self._state, request.chunk_ids)
        self._board.wake()

    @workflow.signal(name=messages.PIECES_COMMITTED)
    def pieces_committed(self, news: PiecesCommitted) -> None:
        """A data set has pieces of this stream on chain."""
        self._state.note_committed(news, now_ms=now_ms())
        self._board.wake()

    @workflow.signal(name=messages.PIECES_REFUSED)
    def pieces_refused(self, news: PiecesRefused) -> None:
        """A provider will not do for pieces of this stream."""
        note_refused(self._state, news, now_ms=now_ms())
        self._board.wake()

    @workflow.signal(name=messages.PIECES_POSTPONED)
    def pieces_postponed(self, news: PiecesPostponed) -> None:
        """A data set keeps no more orders in mind; these have to come again."""
        note_postponed(self._state, news, now_ms=now_ms())
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
        if self._decision in DONE and not self._state.is_storing:
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
        IdleWindow(self._state, self._board, self._options).start()
        while True:
            await workflow.wait_condition(lambda: self._board.awake)
            self._board.awake = False
            self._board.reap()
            self._advance()
            if self._departure.is_due() and self._shelving.is_light():
                workflow.continue_as_new(
                    RtaInput(rta_id=start.rta_id, options=self._options, state=self._state),
                    initial_versioning_behavior=successor(),
                )
            if self._may_end():
                await workflow.wait_condition(workflow.all_handlers_finished)
                if not self._board.awake:
                    return self._result()

    def _advance(self) -> None:
        """Start everything that can be started now, and decide where the stream stands."""
        state = self._state
        state.admit_inbox()
        retry_parked(state)
        self._decision = decide(
            state,
            now_ms=now_ms(),
            window_ms=to_ms(self._options.window_s),
            settle_ms=to_ms(self._options.settle_s),
        )
        if self._decision in DONE:
            state.complete_requested = False
        self._storing.look_up()
        if not self._departure.is_draining:
            self._start_steps()
        self._show()

    def _start_steps(self) -> None:
        self._storing.start()
        self._shelving.start()
        self._placing.start()
        self._watching.start()
        self._pinning.start()
        self._recording.start(self._decision)
        self._completing.start(self._decision)

    async def _open(self) -> None:
        state = self._state
        while not state.opened:
            creator = state.creator or next((c.creator for c in state.inbox), "")
            request = OpenStream(rta_id=state.rta_id, creator=creator, at=now_iso())
            opened = await self._insist.run(policies.OPEN_STREAM, request, "open the stream")
            if opened.record is not None:
                state.load(opened.record, opened.sessions, opened.shelf)
                state.pin_after_s = opened.pin_after_s
            elif not state.inbox:
                return

    # --- leaving -------------------------------------------------------------------------

    def _may_end(self) -> bool:
        return self._decision in (Decision.END, Decision.STALL) and not self._board.besides(
            "window", "settle", "pin-watch", "watch"
        )

    def _result(self) -> RtaResult:
        state = self._state
        return RtaResult(
            state=_SHOWN[self._decision],
            version=state.version,
            metadata_cid=state.metadata_cid,
            chunks=state.confirmed,
            total_duration_ms=state.confirmed_ms,
            parked=state.parked,
        )

    # --- what operators and callers see --------------------------------------------------

    def _show(self) -> None:
        workflow.set_current_details(render_details(self.status()))
        shown = _SHOWN.get(self._decision)
        if shown and shown != workflow.info().typed_search_attributes.get(messages.STATE_KEY):
            workflow.upsert_search_attributes([messages.STATE_KEY.value_set(shown)])

    def _completed_since(self, version: int) -> bool:
        state = self._state
        settled = self._decision in DONE and not (state.is_storing or state.has_changed)
        return state.version > version or settled or self._decision is Decision.STALL


def _nothing_to_complete() -> ApplicationError:
    return ApplicationError(
        "no chunk of this stream has a PieceCID yet", type=NothingToComplete.code
    )
