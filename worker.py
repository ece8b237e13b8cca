"""The worker process: ``python worker.py`` runs both task queues until it is told to stop.

Settings come from the environment (``docs/configuration.md``). SIGTERM and SIGINT stop it
gracefully: no new work is taken, running uploads may end within ``VIBESFLOW_WORKER_GRACE_S``.
"""

from __future__ import annotations

import asyncio
import logging
import signal
import sys
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Protocol

import uvicorn
from pydantic import SecretStr
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from temporalio.client import Client
from temporalio.common import VersioningBehavior, WorkerDeploymentVersion
from temporalio.runtime import PrometheusConfig, Runtime, TelemetryConfig
from temporalio.worker import Worker, WorkerDeploymentConfig
from temporalio.worker.workflow_sandbox import SandboxedWorkflowRunner, SandboxRestrictions

from activities.audit import AuditParts, audit_activities
from activities.audit_ports import AuditedFilecoin
from activities.committing import CommitActivities
from activities.describing import DescribingActivities
from activities.faults import FaultInterceptor
from activities.late_commits import LateCommitActivities
from activities.ordering import CopyDesk, OrderingActivities
from activities.pinning import PinningActivities
from activities.ports import Committer, DataSetOrders, PieceStore, Registry
from activities.publishing import PublishingActivities
from activities.pulling import PullActivities
from activities.pulse import PulseInterceptor
from activities.staging import StagingActivities
from activities.storing import StoringActivities
from activities.streams import StreamActivities
from activities.uploading import Uploader
from vibesflow.errors import SettingsInvalid, VibesflowError
from vibesflow.filecoin import FilecoinClient, Signer
from vibesflow.ledger import DynamoLedger, Ledger
from vibesflow.pinning import Pinning, open_pinning
from vibesflow.settings import Settings, TableSettings, WorkerSettings, load_settings
from vibesflow.staging import Staging, open_staging
from workflows.audit import AuditWorkflow
from workflows.client import StreamClient
from workflows.connection import connect
from workflows.data_set import DataSetWorkflow
from workflows.data_set_client import DataSetClient
from workflows.late_commit import LateCommitWorkflow
from workflows.messages import FILECOIN_QUEUE, RTA_QUEUE
from workflows.rta import RtaWorkflow

log = logging.getLogger("vibesflow.worker")

_SHARED = SandboxRestrictions.default.with_passthrough_modules(
    # Pure or never called in a workflow; loading them anew doubles a workflow's CPU and memory.
    "activities",
    "pydantic",
    "pydantic_core",
    "vibesflow",
    "workflows.audit_details",
    "workflows.board",
    "workflows.clock",
    "workflows.data_set_details",
    "workflows.departure",
    "workflows.details",
    "workflows.failures",
    "workflows.fairness",
    "workflows.limits",
    "workflows.messages",
    "workflows.patches",
    "workflows.placing",
    "workflows.policies",
    "workflows.repairing",
    "workflows.steps",
    "workflows.versions",
)

EXIT_SETTINGS = 3
EXIT_DEPENDENCY = 7


def rta_worker(
    client: Client,
    ledger: Ledger,
    staging: Staging,
    settings: WorkerSettings,
    *,
    pin_after_s: float | None = None,
) -> Worker:
    """Return the worker of the ``rta`` queue: workflows and light activities."""
    streams = StreamActivities(ledger, pin_after_s=pin_after_s)
    return Worker(
        client,
        task_queue=RTA_QUEUE,
        workflows=[RtaWorkflow, DataSetWorkflow, LateCommitWorkflow, AuditWorkflow],
        workflow_runner=SandboxedWorkflowRunner(_SHARED),
        activities=[
            streams.open_stream,
            streams.load_rows,
            streams.find_chunk,
            streams.append_chunks,
            streams.complete_stream,
            StagingActivities(staging).release_staged,
        ],
        activity_executor=ThreadPoolExecutor(settings.table_threads, "table"),
        max_concurrent_activities=settings.table_threads,
        max_concurrent_workflow_tasks=settings.workflow_slots,
        max_cached_workflows=settings.cached_workflows,
        graceful_shutdown_timeout=timedelta(seconds=settings.grace_s),
        interceptors=[FaultInterceptor(), PulseInterceptor()],
        deployment_config=_deployment(settings),
    )


def _deployment(settings: WorkerSettings) -> WorkerDeploymentConfig | None:
    """Return this build's place in the deployment; runs end on the build that they began with."""
    if settings.deployment is None or settings.build_id is None:
        return None
    return WorkerDeploymentConfig(
        version=WorkerDeploymentVersion(settings.deployment, settings.build_id),
        use_worker_versioning=True,
        default_versioning_behavior=VersioningBehavior.PINNED,
    )


class Filecoin(PieceStore, Committer, Registry, AuditedFilecoin, Protocol):
    """What the ``filecoin`` queue needs of `FilecoinClient`."""


@dataclass(frozen=True, slots=True)
class Parts:
    """What the activities of one process work on."""

    filecoin: Filecoin
    ledger: Ledger
    staging: Staging
    orders: DataSetOrders
    pinning: Pinning | None = None


OpenParts = Callable[[Settings, Client], AbstractAsyncContextManager[Parts]]


@asynccontextmanager
async def open_parts(settings: Settings, client: Client) -> AsyncIterator[Parts]:
    """Open what the settings name, and close it again.

    Raises:
        SettingsInvalid: the key is missing.
        KeyMalformed: it is no key.
        ChainDown: no RPC endpoint answers.
        WrongChain: an RPC endpoint is on another chain.
    """
    signer = Signer.load(settings.filecoin)
    async with (
        await FilecoinClient.open(settings.filecoin, signer) as filecoin,
        open_pinning(settings.pinning) as pinning,
    ):
        yield Parts(
            filecoin=filecoin,
            ledger=_open_ledger(settings.table),
            staging=open_staging(settings.staging),
            orders=DataSetClient(client, filecoin.payer, settings.filecoin),
            pinning=pinning,
        )


def filecoin_worker(
    client: Client,
    filecoin: Filecoin,
    ledger: Ledger,
    staging: Staging,
    orders: DataSetOrders,
    settings: Settings,
    *,
    pinning: Pinning | None = None,
) -> Worker:
    """Return the worker of the ``filecoin`` queue: activities that move bytes or wait."""
    uploader = Uploader(filecoin, piece_wait_s=settings.filecoin.piece_wait_s)
    desk = CopyDesk(filecoin, orders, wanted=settings.filecoin.copies)
    audited = AuditParts(
        filecoin=filecoin,
        ledger=ledger,
        staging=staging,
        streams=StreamClient(client, settings.stream),
        orders=orders,
        uploader=uploader,
        desk=desk,
        wanted=settings.filecoin.copies,
        grace_epochs=settings.audit.proof_grace_epochs,
    )
    pins = PinningActivities(staging, pinning)
    late = LateCommitActivities(filecoin, filecoin, ledger)
    return Worker(
        client,
        task_queue=FILECOIN_QUEUE,
        activities=[
            pins.pin_chunk,
            pins.unpin_chunks,
            StoringActivities(staging, uploader, desk).store_chunk,
            PublishingActivities(ledger, uploader, desk).publish_document,
            OrderingActivities(desk).place_copies,
            PullActivities(filecoin).pull_pieces,
            CommitActivities(filecoin).commit_pieces,
            late.find_commit,
            late.name_copies,
            *audit_activities(audited),
            DescribingActivities(filecoin).describe_place,
        ],
        max_concurrent_activities=settings.worker.upload_slots,
        graceful_shutdown_timeout=timedelta(seconds=settings.worker.grace_s),
        interceptors=[FaultInterceptor()],
        deployment_config=_deployment(settings.worker),
    )


async def run_workers(
    settings: Settings, stopped: asyncio.Event, *, opened: OpenParts = open_parts
) -> None:
    """Serve both queues until the event is set, then drain.

    Args:
        settings: of this process.
        stopped: set when it is to end.
        opened: opens what the activities work on.

    Raises:
        TemporalDown: no Temporal server.
        ChainDown: no RPC endpoint answers.
        WrongChain: an RPC endpoint is on another chain.
    """
    telemetry = TelemetryConfig(
        metrics=PrometheusConfig(bind_address=settings.worker.metrics_address)
    )
    # Staging and hashing use the loop's own threads; as many as uploads, or they wait in line.
    threads = ThreadPoolExecutor(settings.worker.upload_slots, "disk")
    asyncio.get_running_loop().set_default_executor(threads)
    client = await connect(settings.temporal, runtime=Runtime(telemetry=telemetry))
    async with AsyncExitStack() as stack:
        parts = await stack.enter_async_context(opened(settings, client))
        workers = _both_workers(client, parts, settings)
        health = asyncio.create_task(_serve_health(settings.worker, workers))
        for worker in workers:
            await stack.enter_async_context(worker)
        log.info("serving task queues %s and %s", RTA_QUEUE, FILECOIN_QUEUE)
        await stopped.wait()
        log.info("stopping; running uploads have %s s", settings.worker.grace_s)
        # One after the other they would take twice the grace, and one would go on taking work.
        await asyncio.gather(*(worker.shutdown() for worker in workers))
    health.cancel()


def _both_workers(client: Client, parts: Parts, settings: Settings) -> tuple[Worker, Worker]:
    ledger, staging, pinning = parts.ledger, parts.staging, parts.pinning
    pin_after_s = settings.pinning.after_s if pinning else None
    return (
        rta_worker(client, ledger, staging, settings.worker, pin_after_s=pin_after_s),
        filecoin_worker(
            client, parts.filecoin, ledger, staging, parts.orders, settings, pinning=pinning
        ),
    )


def _open_ledger(settings: TableSettings) -> DynamoLedger:
    """Open the tables; cursors stay inside workflows here, and any worker may go on with one."""
    secret = settings.cursor_secret or SecretStr("worker")
    return DynamoLedger(settings.model_copy(update={"cursor_secret": secret}))


async def _serve_health(settings: WorkerSettings, workers: tuple[Worker, ...]) -> None:
    async def livez(_: Request) -> Response:
        return JSONResponse({"status": "ok"})

    async def readyz(_: Request) -> Response:
        ready = all(worker.is_running for worker in workers)
        return JSONResponse({"ready": ready}, status_code=200 if ready else 503)

    app = Starlette(routes=[Route("/livez", livez), Route("/readyz", readyz)])
    config = uvicorn.Config(
        app,
        host=settings.health_host,
        port=settings.health_port,
        log_level="warning",
        lifespan="off",  # it has none, and would end with a traceback when it is cancelled
    )
    server = uvicorn.Server(config)
    server.install_signal_handlers = lambda: None  # type: ignore[attr-defined]
    await server.serve()


async def _main(settings: Settings, opened: OpenParts) -> None:
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopped.set)
    await run_workers(settings, stopped, opened=opened)


def main(opened: OpenParts = open_parts) -> int:
    """Run until told to stop; the exit code says what stood in the way."""
    logging.basicConfig(
        level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s"
    )
    try:
        asyncio.run(_main(load_settings(needs_key=True), opened))
    except VibesflowError as error:
        print(f"{error.code}: {error}\n{error.advice}", file=sys.stderr)  # noqa: T201 - not a log line
        return EXIT_SETTINGS if isinstance(error, SettingsInvalid) else EXIT_DEPENDENCY
    return 0


if __name__ == "__main__":
    sys.exit(main())
