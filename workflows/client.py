"""The one door to running streams: signals, updates and queries by their names."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Sequence
from datetime import timedelta
from typing import TypeVar

from temporalio.client import (
    Client,
    WorkflowExecutionStatus,
    WorkflowHandle,
    WorkflowQueryFailedError,
    WorkflowQueryRejectedError,
    WorkflowUpdateFailedError,
    WorkflowUpdateRPCTimeoutOrCancelledError,
)
from temporalio.common import (
    QueryRejectCondition,
    SearchAttributePair,
    TypedSearchAttributes,
)
from temporalio.exceptions import ApplicationError
from temporalio.service import RPCError, RPCStatusCode

from vibesflow.errors import NothingToComplete
from vibesflow.settings import StreamSettings, TemporalSettings
from vibesflow.stream.chunk import ChunkRef, Message
from vibesflow.stream.status import ChunkPage, CompletionReply, StreamState, StreamStatus
from workflows import messages
from workflows.connection import connect, down, signal_with_start
from workflows.messages import (
    CompleteUpdate,
    RetryChunks,
    RtaInput,
    RtaOptions,
    RtaResult,
    workflow_id,
)

Answer = TypeVar("Answer")

_log = logging.getLogger(__name__)

QUERY_TIMEOUT = timedelta(seconds=3)
"""A query needs a worker; readers then answer from the table."""

_NO_ANSWER = (
    RPCStatusCode.DEADLINE_EXCEEDED,
    RPCStatusCode.CANCELLED,
    RPCStatusCode.FAILED_PRECONDITION,
    RPCStatusCode.INVALID_ARGUMENT,
)


class StreamClient:
    """Submits chunks to streams and asks streams how they are.

    Implements `vibesflow.ingest.ChunkSubmitter` and `vibesflow.query.live.LiveStreams`.
    """

    def __init__(self, client: Client, settings: StreamSettings) -> None:
        self.temporal = client
        self._settings = settings

    @classmethod
    async def connect(cls, temporal: TemporalSettings, stream: StreamSettings) -> StreamClient:
        """Connect, and keep the connection for the life of the process.

        Raises:
            TemporalDown: the server does not answer.
        """
        return cls(await connect(temporal), stream)

    async def submit(self, chunk: ChunkRef, *, window_s: float | None = None) -> None:
        """Signal the stream, starting its workflow if none runs (design rules 1 and 6)."""
        await self._start(
            chunk.rta_id,
            messages.SUBMIT_CHUNK,
            [chunk],
            creator=chunk.creator,
            window_s=window_s,
        )

    async def retry(self, rta_id: str, *, chunk_ids: Sequence[str] = ()) -> None:
        """Drive the parked chunks of a stream again, or the named ones, also after completion."""
        request = RetryChunks(chunk_ids=tuple(chunk_ids))
        await self._start(rta_id, messages.RETRY_FAILED, [request], creator="")

    async def is_running(self, rta_id: str) -> bool:
        """Tell whether a run of the stream is open; needs no worker."""
        try:
            found = await self._handle(rta_id).describe(rpc_timeout=QUERY_TIMEOUT)
        except RPCError as error:
            if error.status is RPCStatusCode.NOT_FOUND:
                return False
            raise down(error) from error
        return found.status is WorkflowExecutionStatus.RUNNING

    async def status(self, rta_id: str) -> StreamStatus | None:
        """Ask the running stream; None when no run is open or no worker answers in time."""
        return await self._ask(
            self._handle(rta_id).query(
                messages.STATUS,
                result_type=StreamStatus,
                reject_condition=QueryRejectCondition.NOT_OPEN,
                rpc_timeout=QUERY_TIMEOUT,
            )
        )

    async def chunks(self, rta_id: str, *, offset: int = 0, limit: int = 1_000) -> ChunkPage | None:
        """Return the chunks that the running stream still holds; None as with `status`."""
        return await self._ask(
            self._handle(rta_id).query(
                messages.CHUNKS,
                args=[offset, limit],
                result_type=ChunkPage,
                reject_condition=QueryRejectCondition.NOT_OPEN,
                rpc_timeout=QUERY_TIMEOUT,
            )
        )

    async def complete(self, rta_id: str, *, wait_s: float = 20.0) -> CompletionReply | None:
        """Complete the running stream now; None when no run is open.

        Raises:
            NothingToComplete: no chunk of the stream has a PieceCID.
            TemporalDown: the server does not answer.
        """
        update = self._handle(rta_id).execute_update(
            messages.COMPLETE, CompleteUpdate(wait_s=wait_s), result_type=CompletionReply
        )
        try:
            return await asyncio.wait_for(update, timeout=wait_s + QUERY_TIMEOUT.total_seconds())
        except (TimeoutError, WorkflowUpdateRPCTimeoutOrCancelledError):
            # Accepted or not, no worker answered.
            return CompletionReply(state=StreamState.FINISHING)
        except WorkflowUpdateFailedError as error:
            cause = error.cause
            if isinstance(cause, ApplicationError) and cause.type == NothingToComplete.code:
                raise NothingToComplete(cause.message) from error
            return None  # the run ended while it was asked
        except RPCError as error:
            if error.status is RPCStatusCode.NOT_FOUND:
                return None
            raise down(error) from error

    async def check(self) -> None:
        """Return if the server answers; raise `TemporalDown` if not."""
        try:
            await self.temporal.service_client.check_health(timeout=QUERY_TIMEOUT)
        except RPCError as error:
            raise down(error) from error

    async def _start(
        self,
        rta_id: str,
        signal: str,
        args: Sequence[Message],
        *,
        creator: str,
        window_s: float | None = None,
    ) -> None:
        await signal_with_start(
            self.temporal,
            messages.RTA_WORKFLOW,
            RtaInput(rta_id=rta_id, options=self._options(window_s)),
            workflow_id=workflow_id(rta_id),
            signal=signal,
            args=args,
            summary=f"{rta_id} by {creator or 'operator'}",
            search_attributes=_attributes(creator),
        )

    def _options(self, window_s: float | None) -> RtaOptions:
        chosen = self._settings
        return RtaOptions(
            window_s=window_s or chosen.window_s,
            settle_s=chosen.settle_s,
            parallel_uploads=chosen.parallel_uploads,
            give_up_s=chosen.give_up_s,
        )

    def _handle(self, rta_id: str) -> WorkflowHandle[object, RtaResult]:
        return self.temporal.get_workflow_handle(workflow_id(rta_id), result_type=RtaResult)

    @staticmethod
    async def _ask(query: Awaitable[Answer]) -> Answer | None:
        try:
            return await query
        except WorkflowQueryRejectedError:
            return None
        except WorkflowQueryFailedError as error:
            _log.warning("a running stream could not answer: %s", error)
            return None
        except RPCError as error:
            if error.status is RPCStatusCode.NOT_FOUND or error.status in _NO_ANSWER:
                return None
            raise down(error) from error


def _attributes(creator: str) -> TypedSearchAttributes:
    pairs: list[SearchAttributePair[str]] = [
        SearchAttributePair(messages.STATE_KEY, StreamState.RECORDING.value)
    ]
    if creator:
        pairs.append(SearchAttributePair(messages.CREATOR_KEY, creator))
    return TypedSearchAttributes(pairs)
