"""The connection to the Temporal server, and the one way our workflows are started."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from temporalio.client import Client
from temporalio.common import TypedSearchAttributes, WorkflowIDReusePolicy
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.exceptions import WorkflowAlreadyStartedError
from temporalio.runtime import Runtime
from temporalio.service import RPCError

from vibesflow.errors import TemporalDown
from vibesflow.settings import TemporalSettings
from vibesflow.stream.chunk import Message
from workflows.messages import RTA_QUEUE

SIGNAL_TIMEOUT = timedelta(seconds=10)
"""A signal is accepted within milliseconds; longer means the server is in trouble."""
_TRIES = 4


async def connect(settings: TemporalSettings, *, runtime: Runtime | None = None) -> Client:
    """Connect to the Temporal server with the data converter that all our messages need.

    Raises:
        TemporalDown: it does not answer.
    """
    key = settings.api_key.get_secret_value() if settings.api_key else None
    try:
        return await Client.connect(
            settings.address,
            namespace=settings.namespace,
            api_key=key,
            tls=settings.tls or key is not None,
            data_converter=pydantic_data_converter,
            runtime=runtime,
        )
    except (RuntimeError, RPCError) as error:
        raise TemporalDown(f"no Temporal server at {settings.address}: {error}") from error


async def signal_with_start(
    client: Client,
    workflow: str,
    start: Message,
    *,
    workflow_id: str,
    signal: str,
    args: Sequence[object],
    summary: str,
    search_attributes: TypedSearchAttributes | None = None,
) -> None:
    """Signal a workflow, starting a run of it if none is open; return once that is durable.

    Two first signals at one moment can make the server refuse one as already started; that one
    is simply sent again.

    Raises:
        TemporalDown: the signal was not accepted, or nobody knows.
    """
    for _ in range(_TRIES):
        try:
            await client.start_workflow(
                workflow,
                start,
                id=workflow_id,
                task_queue=RTA_QUEUE,
                id_reuse_policy=WorkflowIDReusePolicy.ALLOW_DUPLICATE,
                start_signal=signal,
                start_signal_args=args,
                search_attributes=search_attributes,
                static_summary=summary[:190],
                rpc_timeout=SIGNAL_TIMEOUT,
            )
        except WorkflowAlreadyStartedError:
            continue
        except RPCError as error:
            raise down(error) from error
        return
    raise TemporalDown(f"the Temporal server neither starts nor signals {workflow_id}")


def down(error: RPCError) -> TemporalDown:
    """Translate a call that failed."""
    return TemporalDown(f"the Temporal server does not answer: {error.message}")
