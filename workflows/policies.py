"""Every step a workflow takes outside itself: queue, timeouts, retries, each with its reason."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any, Generic, TypeVar

from temporalio import workflow
from temporalio.common import Priority, RetryPolicy
from temporalio.exceptions import FailureError, is_cancelled_exception

from activities.audit_messages import (
    CheckStream,
    ConcludeStream,
    CopiesVerified,
    ListStreams,
    MoveCopies,
    PiecesOrdered,
    RepairPieces,
    StagingSwept,
    StreamChecked,
    StreamsListed,
    SweepStaging,
    VerifyCopies,
)
from activities.messages import (
    AppendChunks,
    AppendedChunks,
    CommitPieces,
    CommittedPieces,
    CompletedStream,
    CompleteStream,
    DescribePlace,
    FindChunk,
    FindCommit,
    FoundChunk,
    FoundCommit,
    LoadedRows,
    LoadRows,
    NameCopies,
    NamedCopies,
    OpenedStream,
    OpenStream,
    PinChunk,
    PlaceCopies,
    PlacedCopies,
    PublishDocument,
    PublishedDocument,
    PulledPieces,
    PullPieces,
    ReleasedStaged,
    ReleaseStaged,
    StoreChunk,
    UnpinChunks,
)
from vibesflow.data_set.place import Place
from vibesflow.errors import ApprovalMissing, InsufficientFunds, SessionKeyUnauthorized
from vibesflow.stream.chunk import Message
from vibesflow.stream.pins import Pin
from vibesflow.stream.placement import StoredPiece
from workflows.fairness import priority_of
from workflows.messages import FILECOIN_QUEUE, RTA_QUEUE
from workflows.patches import SEEN_APPENDS

Request = TypeVar("Request", bound=Message)
Reply = TypeVar("Reply")


@dataclass(frozen=True)
class Step(Generic[Request, Reply]):
    """An activity as the workflow sees it.

    Whether an error is retried is decided by its class (`vibesflow.errors.RetryClass`), not
    here: the activity marks it.
    """

    name: str
    takes: type[Request]
    gives: type[Reply]
    queue: str
    attempt: timedelta
    retry: RetryPolicy
    heartbeat: timedelta | None = None
    local_leash: timedelta | None = None
    """How long runs without `SEEN_APPENDS` try it inside the workflow task."""
    creator_of: Callable[[Request], str] | None = None
    """Whose turn it is: tasks of creators are handed out in turns, on a server with fairness."""

    async def __call__(self, request: Request, *, summary: str) -> Reply:
        """Run the activity; ``summary`` is what the Web UI shows (at most 200 bytes)."""
        if self.local_leash is not None and not workflow.patched(SEEN_APPENDS):
            try:
                return await self._locally(request, summary)
            except FailureError as error:
                # A replay gives a timeout as such, without the ActivityError that it came in.
                if is_cancelled_exception(error):
                    raise
        reply: Reply = await workflow.execute_activity(
            self.name,
            request,
            result_type=self.gives,
            task_queue=self.queue,
            start_to_close_timeout=self.attempt,
            heartbeat_timeout=self.heartbeat,
            retry_policy=self.retry,
            summary=summary[:190],
            priority=self._priority(request),
        )
        return reply

    def _priority(self, request: Request) -> Priority:
        return priority_of(self.creator_of(request)) if self.creator_of else Priority.default

    async def _locally(self, request: Request, summary: str) -> Reply:
        reply: Reply = await workflow.execute_local_activity(
            self.name,
            request,
            result_type=self.gives,
            schedule_to_close_timeout=self.local_leash,
            retry_policy=RetryPolicy(maximum_attempts=1),
            summary=summary[:190],
        )
        return reply

    def within(self, seconds: float) -> Step[Request, Reply]:
        """Return the step with as many attempts as fit into a time.

        Attempts are counted, not hours, so that a time without any worker does not count.
        """
        pause, spent, attempts = self.retry.initial_interval.total_seconds(), 0.0, 1
        most = self.retry.maximum_interval or self.attempt
        while spent + pause <= seconds:
            spent, attempts = spent + pause, attempts + 1
            pause = min(pause * self.retry.backoff_coefficient, most.total_seconds())
        return replace(self, retry=replace(self.retry, maximum_attempts=attempts))


_HEARTBEAT = timedelta(seconds=30)  # so soon what a dead worker had under way goes on elsewhere

_TABLE_RETRY = RetryPolicy(
    # A worst table call takes 24 s inside boto3 already, so the pause grows from small: an
    # outage of the table is then followed closely, and a throttled one is not hammered.
    initial_interval=timedelta(milliseconds=500),
    backoff_coefficient=2.0,
    maximum_interval=timedelta(seconds=30),
)
_TABLE_ATTEMPT = timedelta(seconds=120)  # a few transactions of 40 rows, each at its worst


def _table_step(name: str, takes: type[Request], gives: type[Reply]) -> Step[Request, Reply]:
    return Step(name, takes, gives, RTA_QUEUE, _TABLE_ATTEMPT, _TABLE_RETRY, heartbeat=_HEARTBEAT)


_UPLOAD_RETRY = RetryPolicy(
    # A provider that restarts is back within seconds, one that is down within minutes.
    initial_interval=timedelta(seconds=1),
    backoff_coefficient=2.0,
    maximum_interval=timedelta(seconds=60),
)
_UPLOAD_ATTEMPT = timedelta(minutes=30)  # Curio gives one upload 30 minutes

FOR_A_PERSON = (InsufficientFunds.code, ApprovalMissing.code, SessionKeyUnauthorized.code)
"""A person must act: the data set says so and asks again by itself."""

_COMMIT_RETRY = RetryPolicy(
    # "Not confirmed yet" brings its own pause; this one is for a chain or provider that is down.
    initial_interval=timedelta(seconds=2),
    backoff_coefficient=2.0,
    maximum_interval=timedelta(seconds=60),
    non_retryable_error_types=[*FOR_A_PERSON],
)
_COMMIT_ATTEMPT = timedelta(minutes=6)  # the provider's POST may take 5 minutes (gas estimation)

OPEN_STREAM = _table_step("open_stream", OpenStream, OpenedStream)
LOAD_ROWS = _table_step("load_rows", LoadRows, LoadedRows)
FIND_CHUNK = _table_step("find_chunk", FindChunk, FoundChunk)
APPEND_CHUNKS = replace(
    _table_step("append_chunks", AppendChunks, AppendedChunks), local_leash=timedelta(seconds=3)
)
COMPLETE_STREAM = _table_step("complete_stream", CompleteStream, CompletedStream)
RELEASE_STAGED = Step(
    "release_staged",
    ReleaseStaged,
    ReleasedStaged,
    RTA_QUEUE,
    timedelta(minutes=5),  # deletes of up to 200 files or objects
    _TABLE_RETRY,
    heartbeat=_HEARTBEAT,
)
STORE_CHUNK = Step(
    "store_chunk",
    StoreChunk,
    StoredPiece,
    FILECOIN_QUEUE,
    _UPLOAD_ATTEMPT,
    _UPLOAD_RETRY,
    heartbeat=_HEARTBEAT,
    creator_of=lambda request: request.chunk.creator,
)
PUBLISH_DOCUMENT = Step(
    "publish_document",
    PublishDocument,
    PublishedDocument,
    FILECOIN_QUEUE,
    _UPLOAD_ATTEMPT,
    _UPLOAD_RETRY,
    heartbeat=_HEARTBEAT,
    creator_of=lambda request: request.creator,
)
PLACE_COPIES = Step(
    "place_copies",
    PlaceCopies,
    PlacedCopies,
    FILECOIN_QUEUE,
    timedelta(minutes=5),  # pings of up to a few providers for each of 20 pieces
    _UPLOAD_RETRY,
    heartbeat=_HEARTBEAT,
    creator_of=lambda request: request.creator,
)
PIN_CHUNK = Step(
    "pin_chunk",
    PinChunk,
    Pin,
    FILECOIN_QUEUE,
    _UPLOAD_ATTEMPT,
    replace(_UPLOAD_RETRY, maximum_attempts=15),  # ten minutes: completion waits for it
    heartbeat=_HEARTBEAT,
)
UNPIN_CHUNKS = Step(
    "unpin_chunks",
    UnpinChunks,
    type(None),
    FILECOIN_QUEUE,
    timedelta(minutes=5),  # twenty small requests
    replace(_UPLOAD_RETRY, maximum_attempts=15),  # ten minutes; a pin too many costs little
)
DESCRIBE_PLACE = Step(
    "describe_place",
    DescribePlace,
    Place,
    FILECOIN_QUEUE,
    timedelta(minutes=1),  # a few reads of the chain
    replace(_UPLOAD_RETRY, maximum_interval=timedelta(minutes=10)),  # only people wait for it
)
PULL_PIECES = Step(
    "pull_pieces",
    PullPieces,
    PulledPieces,
    FILECOIN_QUEUE,
    _COMMIT_ATTEMPT,
    replace(_COMMIT_RETRY, maximum_attempts=250),  # half an hour, as the provider itself tries
    heartbeat=_HEARTBEAT,
)
COMMIT_PIECES = Step(
    "commit_pieces",
    CommitPieces,
    CommittedPieces,
    FILECOIN_QUEUE,
    _COMMIT_ATTEMPT,
    _COMMIT_RETRY,
    heartbeat=_HEARTBEAT,
)
_AUDIT_RETRY = RetryPolicy(
    # Nobody waits for an audit or a late commit, and what is down stays so for minutes.
    initial_interval=timedelta(seconds=1),
    backoff_coefficient=2.0,
    maximum_interval=timedelta(minutes=5),
)
_AUDIT_ATTEMPT = timedelta(minutes=30)  # a slice ends after 4 minutes, or with its last group

FIND_COMMIT = Step(
    "find_commit",
    FindCommit,
    FoundCommit,
    FILECOIN_QUEUE,
    timedelta(minutes=2),  # a few reads of the chain
    _AUDIT_RETRY,
    heartbeat=_HEARTBEAT,
)
NAME_COPIES = replace(_table_step("name_copies", NameCopies, NamedCopies), queue=FILECOIN_QUEUE)
LIST_STREAMS = replace(
    _table_step("list_streams", ListStreams, StreamsListed), queue=FILECOIN_QUEUE
)
CHECK_STREAM = Step(
    "check_stream",
    CheckStream,
    StreamChecked,
    FILECOIN_QUEUE,
    _AUDIT_ATTEMPT,
    _AUDIT_RETRY,
    heartbeat=_HEARTBEAT,
)
REPAIR_PIECES = Step(
    "repair_pieces",
    RepairPieces,
    PiecesOrdered,
    FILECOIN_QUEUE,
    _UPLOAD_ATTEMPT,  # staged bytes, or those of a good copy, may have to be uploaded
    _UPLOAD_RETRY,
    heartbeat=_HEARTBEAT,
)
VERIFY_COPIES = Step(
    "verify_copies",
    VerifyCopies,
    CopiesVerified,
    FILECOIN_QUEUE,
    _AUDIT_ATTEMPT,
    _AUDIT_RETRY,
    heartbeat=_HEARTBEAT,
)
MOVE_COPIES = replace(_table_step("move_copies", MoveCopies, type(None)), queue=FILECOIN_QUEUE)
CONCLUDE_STREAM = Step(
    "conclude_stream",
    ConcludeStream,
    type(None),
    FILECOIN_QUEUE,
    timedelta(minutes=10),  # reads all rows of a stream that may have 20,000
    _TABLE_RETRY,
    heartbeat=_HEARTBEAT,
)
SWEEP_STAGING = Step(
    "sweep_staging",
    SweepStaging,
    StagingSwept,
    FILECOIN_QUEUE,
    _AUDIT_ATTEMPT,
    _AUDIT_RETRY,
    heartbeat=_HEARTBEAT,
)
ALL_STEPS: tuple[Step[Any, Any], ...] = (
    OPEN_STREAM,
    LOAD_ROWS,
    FIND_CHUNK,
    APPEND_CHUNKS,
    COMPLETE_STREAM,
    RELEASE_STAGED,
    STORE_CHUNK,
    PUBLISH_DOCUMENT,
    PLACE_COPIES,
    DESCRIBE_PLACE,
    PIN_CHUNK,
    UNPIN_CHUNKS,
    PULL_PIECES,
    COMMIT_PIECES,
    FIND_COMMIT,
    NAME_COPIES,
    LIST_STREAMS,
    CHECK_STREAM,
    REPAIR_PIECES,
    VERIFY_COPIES,
    MOVE_COPIES,
    CONCLUDE_STREAM,
    SWEEP_STAGING,
)
