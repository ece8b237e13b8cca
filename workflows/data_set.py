"""One data set as one workflow without an end: commits the pieces of many streams in batches."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from contextlib import suppress
from typing import TypeVar

from temporalio import workflow
from temporalio.exceptions import (
    ActivityError,
    ApplicationError,
    WorkflowAlreadyStartedError,
    is_cancelled_exception,
)

with workflow.unsafe.imports_passed_through():
    from activities.messages import (
        BatchedPiece,
        CommitPieces,
        DescribePlace,
        FindCommit,
        PullPieces,
    )
    from vibesflow.data_set.orders import (
        CommitDelayed,
        DataSetStatus,
        PieceOrder,
        PiecesCommitted,
        PiecesPostponed,
        PiecesRefused,
    )
    from vibesflow.data_set.packing import pack, unpack
    from vibesflow.data_set.place import COMMIT_SENT, CommitSent
    from vibesflow.data_set.state import (
        MOST_CARRIED,
        MOST_QUEUED,
        QUEUED_BEFORE,
        Batch,
        DataSetState,
    )
    from vibesflow.errors import ProviderRefused
    from vibesflow.stream.chunk import Message
    from workflows import limits, messages, policies
    from workflows.board import TaskBoard
    from workflows.clock import now_iso, now_ms, to_ms
    from workflows.data_set_details import render_data_set
    from workflows.failures import reason_of, type_of
    from workflows.messages import DataSetInput, receiver_id
    from workflows.patches import LATE_COMMITS, ROOM_FOR_A_BACKLOG
    from workflows.versions import newer_build_waits, successor

Batched = TypeVar("Batched", PullPieces, CommitPieces, FindCommit)


@workflow.defn(name=messages.DATA_SET_WORKFLOW)
class DataSetWorkflow:
    """Gathers stored pieces, has them pulled where needed, commits them, tells the streams.

    One batch is under way at a time. Its nonce is made here and is an input of the activity, so
    however often the commit is tried, the chain takes it once.
    """

    @workflow.init
    def __init__(self, start: DataSetInput) -> None:
        self._start = start
        fresh = DataSetState(provider_id=start.provider_id, scope=start.scope)
        self._state = unpack(start.packed) if start.packed else fresh
        self._board = TaskBoard()
        self._alarms: set[int] = set()
        self._telling = 0
        self._patience_is_over = False

    @workflow.signal(name=messages.ADD_PIECES)
    def add_pieces(self, orders: list[PieceOrder]) -> None:
        """Streams want these pieces on chain; the same ones may come any number of times."""
        self._state.add(orders, now_ms=now_ms())
        self._board.wake()

    @workflow.signal(name=COMMIT_SENT)
    def commit_sent(self, news: CommitSent) -> None:
        """The batch's transaction is under way."""
        self._state.note_sent(news)
        self._board.wake()

    @workflow.query(name=messages.STATUS)
    def status(self) -> DataSetStatus:
        """What waits, what is under way, and why nothing moves if nothing does."""
        return self._state.report()

    @workflow.run
    async def run(self, _: DataSetInput) -> None:
        """Commit batch after batch; leave only to begin anew with a short history."""
        if self._state.place is None:
            self._board.spawn("describe", self._describe)
        while True:
            await workflow.wait_condition(lambda: self._board.awake)
            self._board.awake = False
            self._board.reap()
            workflow.set_current_details(render_data_set(self._state.report()))
            is_leaving = self._is_long()
            if is_leaving and self._may_leave():
                packed = pack(self._state)
                workflow.continue_as_new(
                    self._start.model_copy(update={"packed": packed}),
                    initial_versioning_behavior=successor(),
                )
            self._keep_room()
            if not (is_leaving and workflow.patched(ROOM_FOR_A_BACKLOG)):
                self._go_on()

    def _go_on(self) -> None:
        """Bring the batch under way further, or begin one, or wait until one is due."""
        if self._state.batch is None and self._is_due():
            self._state.form_batch(f"{workflow.random().getrandbits(256):064x}")
        if self._state.batch is not None:
            self._board.spawn("batch", self._bring, self._state.batch)
        else:
            self._arm()

    async def _describe(self) -> None:
        """Look up where this is; commits do not wait for it."""
        request = DescribePlace(provider_id=self._state.provider_id, scope=self._state.scope)
        with suppress(ActivityError):
            self._state.place = await policies.DESCRIBE_PLACE(
                request, summary=f"who is provider {request.provider_id}?"
            )

    async def _bring(self, batch: Batch) -> None:
        """Take one batch as far as it goes: pulled, committed, told."""
        pulled = await self._pull(batch)
        if pulled and batch.pieces:
            await self._commit(batch)

    async def _pull(self, batch: Batch) -> bool:
        if not any(piece.source_url for piece in self._state.pieces_of(batch)):
            return True
        try:
            reply = await policies.PULL_PIECES(
                self._request(PullPieces, batch), summary=self._summary(batch)
            )
        except ActivityError as error:
            await self._fail(batch, error)
            return False
        if reply.failed:
            await self._refuse(batch, reply.failed, "the piece could not be pulled")
        return True

    async def _commit(self, batch: Batch) -> None:
        try:
            request = self._request(CommitPieces, batch)
            since_ms = min(piece.since_ms for piece in self._state.pieces_of(batch))
            done = await policies.COMMIT_PIECES(
                request.model_copy(update={"since_ms": since_ms}), summary=self._summary(batch)
            )
        except ActivityError as error:
            await self._fail(batch, error, was_asked=True)
            return
        if done.dropped:
            reason = "the provider has dropped the piece, which was stored and not committed"
            await self._refuse(batch, done.dropped, reason, dropped=True)
            return
        ids = dict(zip(batch.pieces, done.piece_ids, strict=True))
        told = self._state.note_committed(
            batch, done.data_set_id, ids, tx_hash=done.tx_hash, at=now_iso()
        )
        news = [
            PiecesCommitted(
                provider_id=self._state.provider_id,
                data_set_id=done.data_set_id,
                pieces=pieces,
                base_url=self._state.place.pieces_url if self._state.place else "",
            )
            for pieces in told.values()
        ]
        await self._tell_all(messages.PIECES_COMMITTED, zip(told, news, strict=True))

    async def _fail(self, batch: Batch, error: ActivityError, *, was_asked: bool = False) -> None:
        """Pause when a person must act, otherwise give the pieces back to their streams."""
        if is_cancelled_exception(error):
            raise error
        if type_of(error) in policies.FOR_A_PERSON:
            await self._pause(reason_of(error))
        else:
            if was_asked and workflow.patched(LATE_COMMITS):
                await self._watch_over(batch)
            # A provider that will not do will not do for what waits behind the batch either.
            gone = type_of(error) == ProviderRefused.code
            pieces = self._state.queue if gone else batch.pieces
            await self._refuse(batch, tuple(pieces), reason_of(error))

    async def _watch_over(self, batch: Batch) -> None:
        """Have somebody notice if the commit lands all the same, whatever becomes of this run."""
        self._state.note_given_up(batch)
        with suppress(WorkflowAlreadyStartedError):  # it was given up before
            await workflow.start_child_workflow(
                messages.LATE_COMMIT_WORKFLOW,
                self._request(FindCommit, batch),
                id=messages.late_commit_id(batch.nonce),
                parent_close_policy=workflow.ParentClosePolicy.ABANDON,
                static_summary=self._summary(batch),
            )

    async def _pause(self, reason: str) -> None:
        if self._state.paused != reason:
            self._state.paused = reason
            news = CommitDelayed(provider_id=self._state.provider_id, reason=reason)
            told = [(stream, news) for stream in self._state.streams]
            await self._tell_all(messages.COMMIT_DELAYED, told)
        workflow.set_current_details(render_data_set(self._state.report()))
        await workflow.sleep(limits.FUNDS_PAUSE, summary="commits wait for a person")

    async def _refuse(
        self, batch: Batch, pieces: tuple[str, ...], reason: str, *, dropped: bool = False
    ) -> None:
        news = PiecesRefused(
            provider_id=self._state.provider_id, pieces=(), reason=reason, dropped=dropped
        )
        told = [
            (stream, news.model_copy(update={"pieces": page, "orders": _each(refused, page)}))
            for stream, refused in self._state.note_refused(batch, pieces).items()
            for page in _pages(list(refused))
        ]
        await self._tell_all(messages.PIECES_REFUSED, told)

    async def _tell_all(self, signal: str, told: Iterable[tuple[str, Message]]) -> None:
        """Signal streams, many at once: that costs one workflow task instead of one for each."""
        most = limits.TOLD_AT_ONCE if workflow.patched(ROOM_FOR_A_BACKLOG) else 1
        rest = list(told)
        self._telling += 1
        while rest:
            group, rest = rest[:most], rest[most:]
            await asyncio.gather(*(self._tell(stream, signal, news) for stream, news in group))
        self._telling -= 1

    async def _tell(self, stream: str, signal: str, news: Message) -> None:
        """Signal a stream; one that is gone takes its pieces up again when it comes back."""
        handle = workflow.get_external_workflow_handle(receiver_id(stream))
        with suppress(ApplicationError):
            await handle.signal(signal, news)

    def _may_leave(self) -> bool:
        """Tell whether a new run can begin; have streams order later what it could not carry."""
        if not workflow.patched(ROOM_FOR_A_BACKLOG):
            return self._has_room(MOST_CARRIED) and not self._board.named("batch")
        return self._is_quiet() and self._has_room(MOST_CARRIED)

    def _is_quiet(self) -> bool:
        """Tell whether nothing is under way that the next run could not do again.

        It may well bring a batch again that hangs: the nonce goes along. News are told to the end.
        """
        if not self._board.named("batch"):
            return True
        self._board.spawn("patience", self._lose_patience)
        return self._patience_is_over and not self._telling

    async def _lose_patience(self) -> None:
        await workflow.sleep(limits.BATCH_PATIENCE, summary="before a new run takes the batch")
        self._patience_is_over = True

    def _keep_room(self) -> None:
        if len(self._state.queue) > min(MOST_QUEUED, QUEUED_BEFORE):
            self._has_room(MOST_QUEUED if workflow.patched(ROOM_FOR_A_BACKLOG) else QUEUED_BEFORE)

    def _has_room(self, keep: int) -> bool:
        """Tell whether the queue is that short; if not, have streams order later what is beyond."""
        if "postpone" in self._board:
            return False
        told = self._state.postpone(keep=keep) if len(self._state.queue) > keep else {}
        return not (told and self._board.spawn("postpone", self._postpone, told))

    async def _postpone(self, told: dict[str, list[str]]) -> None:
        news = [
            (stream, PiecesPostponed(provider_id=self._state.provider_id, pieces=page))
            for stream, pieces in told.items()
            for page in _pages(pieces)
        ]
        await self._tell_all(messages.PIECES_POSTPONED, news)

    def _request(self, kind: type[Batched], batch: Batch) -> Batched:
        pieces = [
            BatchedPiece(piece_cid=p.piece_cid, source_url=p.source_url, metadata=p.metadata)
            for p in self._state.pieces_of(batch)
        ]
        return kind(
            provider_id=self._state.provider_id,
            scope=self._state.scope,
            nonce=batch.nonce,
            pieces=tuple(pieces),
        )

    def _summary(self, batch: Batch) -> str:
        return f"{len(batch.pieces)} pieces at provider {self._state.provider_id}"

    def _arm(self) -> None:
        """Have a timer fire no later than the next batch is due; one that fires early re-arms."""
        due_ms = self._state.due_ms(linger_ms=self._linger_ms)
        if due_ms is not None and not any(now_ms() < at <= due_ms for at in self._alarms):
            self._board.spawn(f"alarm:{due_ms}", self._sleep_until, due_ms)

    async def _sleep_until(self, at_ms: int) -> None:
        self._alarms.add(at_ms)
        await workflow.sleep(max(at_ms - now_ms(), 0) / 1000, summary="linger")
        self._alarms.discard(at_ms)

    def _is_due(self) -> bool:
        due_ms = self._state.due_ms(linger_ms=self._linger_ms)
        return due_ms is not None and due_ms <= now_ms()

    def _is_long(self) -> bool:
        info = workflow.info()
        return (
            info.is_continue_as_new_suggested()
            or info.get_current_history_length() >= limits.LEAVE_EVENTS
            or newer_build_waits()
        )

    @property
    def _linger_ms(self) -> int:
        return to_ms(self._start.linger_s)


def _each(orders: Mapping[str, str], pieces: Iterable[str]) -> tuple[str, ...]:
    return tuple(orders[piece] for piece in pieces)


def _pages(pieces: list[str]) -> list[tuple[str, ...]]:
    """Cut PieceCIDs into what one signal carries."""
    most = limits.TOLD_PIECES
    return [tuple(pieces[start : start + most]) for start in range(0, len(pieces), most)]
