"""Streams on a Temporal test server: real workflow, activities and staging, fake Filecoin."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

from temporalio.client import WorkflowExecutionStatus, WorkflowHandle
from temporalio.service import RPCError
from temporalio.testing import WorkflowEnvironment

from tests.fakes.filecoin import MemoryFilecoin
from tests.fakes.ledger import MemoryLedger
from tests.fakes.pinning import MemoryPinning
from tests.stream.chunks import make_chunk
from vibesflow.pinning import PinataClient
from vibesflow.settings import (
    AccessSettings,
    ApiSettings,
    AuditSettings,
    FilecoinSettings,
    PinningSettings,
    ReadSettings,
    Settings,
    StagingSettings,
    StreamSettings,
    TableSettings,
    TemporalSettings,
    WorkerSettings,
)
from vibesflow.staging import open_staging
from vibesflow.stream.chunk import ChunkRef
from vibesflow.stream.records import StreamRecord
from vibesflow.stream.status import StreamStatus
from worker import filecoin_worker, rta_worker
from workflows.client import StreamClient
from workflows.data_set_client import DataSetClient
from workflows.messages import RtaResult, data_set_workflow_id, workflow_id


class StreamHarness:
    """One stream's world, with the means to drive and inspect it."""

    def __init__(
        self, env: WorkflowEnvironment, folder: Path, settings: StreamSettings | None = None
    ) -> None:
        self._env = env
        client = env.client
        self.filecoin = MemoryFilecoin()
        self.ledger = MemoryLedger()
        self.staging = open_staging(StagingSettings(url=f"file://{folder}"))
        self.streams = StreamClient(client, settings or StreamSettings())
        self.client = client
        self.runs: list[str] = []
        self.payer = f"0x{uuid4().hex}"
        self.pinning: MemoryPinning | PinataClient | None = None
        self.pin_after_s = 900.0
        self.copies = 1
        self.linger_s = 0.0

    @asynccontextmanager
    async def worker(
        self, *, build_id: str | None = None, grace_s: float = 0
    ) -> AsyncIterator[None]:
        settings = Settings(
            temporal=TemporalSettings(),
            table=TableSettings(),
            staging=StagingSettings(),
            filecoin=FilecoinSettings(
                copies=self.copies, commit_linger_s=self.linger_s, piece_wait_s=5
            ),
            read=ReadSettings(),
            stream=StreamSettings(),
            audit=AuditSettings(),
            pinning=PinningSettings(),
            api=ApiSettings(),
            access=AccessSettings(),
            worker=WorkerSettings(
                grace_s=grace_s,
                upload_slots=200,
                deployment="vibesflow" if build_id else None,
                build_id=build_id,
            ),
        )
        orders = DataSetClient(self.client, self.payer, settings.filecoin)
        async with (
            rta_worker(
                self.client,
                self.ledger,
                self.staging,
                settings.worker,
                pin_after_s=self.pin_after_s if self.pinning else None,
            ),
            filecoin_worker(
                self.client,
                self.filecoin,
                self.ledger,
                self.staging,
                orders,
                settings,
                pinning=self.pinning,
            ),
        ):
            yield

    async def stage(self, chunk: ChunkRef, content: bytes | None = None) -> ChunkRef:
        """Stage the bytes that the digest of `make_chunk` speaks of."""

        async def source() -> AsyncIterator[bytes]:
            yield content or chunk.chunk_id.encode() * 8

        await self.staging.stage(chunk.staging_key, source(), max_bytes=2**20)
        return chunk

    async def submit(self, chunk: ChunkRef, content: bytes | None = None) -> None:
        """Stage and signal, as the door does."""
        await self.streams.submit(await self.stage(chunk, content))

    async def send(self, rta_id: str, *sequences: int, final: int | None = None) -> None:
        for sequence in sequences:
            await self.submit(make_chunk(sequence, rta_id=rta_id, final=sequence == final))

    def handle(self, rta_id: str) -> WorkflowHandle[object, RtaResult]:
        return self.client.get_workflow_handle(workflow_id(rta_id), result_type=RtaResult)

    async def result(self, rta_id: str) -> RtaResult:
        """Let time pass, skipped where it can be, until the run ends."""
        handle = self.handle(rta_id)
        pause = timedelta(seconds=5 if self._env.supports_time_skipping else 0.05)
        while (await handle.describe()).status is WorkflowExecutionStatus.RUNNING:
            await self._env.sleep(pause)
        self.runs.extend(await self._chain(handle.id, (await handle.describe()).run_id))
        return await handle.result()

    async def _chain(self, workflow_id: str, run_id: str | None) -> list[str]:
        """Ids of the runs that continued as new into this one, oldest first."""
        chain: list[str] = []
        while run_id:
            chain.insert(0, run_id)
            handle = self.client.get_workflow_handle(workflow_id, run_id=run_id)
            started = (await handle.fetch_history()).events[0]
            run_id = started.workflow_execution_started_event_attributes.continued_execution_run_id
        return chain

    async def runs_of(self, workflow_id: str) -> list[str]:
        """Ids of a workflow's runs, oldest first."""
        described = await self.client.get_workflow_handle(workflow_id).describe()
        return await self._chain(workflow_id, described.run_id)

    async def history_lengths(self, workflow_id: str) -> list[int]:
        """How many events each run of a workflow has, oldest first."""
        lengths = []
        for run_id in await self.runs_of(workflow_id):
            handle = self.client.get_workflow_handle(workflow_id, run_id=run_id)
            lengths.append(len((await handle.fetch_history()).events))
        return lengths

    def data_set_id(self, provider_id: int) -> str:
        """Workflow id of the data set at a provider."""
        return data_set_workflow_id(self.payer, provider_id, ())

    def record(self, rta_id: str) -> StreamRecord:
        return self.ledger.records[rta_id]

    async def status(self, rta_id: str) -> StreamStatus:
        found = await self.streams.status(rta_id)
        assert found is not None
        return found

    async def until_version(self, rta_id: str, version: int, *, timeout_s: float = 20) -> None:
        try:
            async with asyncio.timeout(timeout_s):
                while True:
                    record = self.ledger.records.get(rta_id)
                    if record and record.is_complete and record.document_version >= version:
                        return
                    await asyncio.sleep(0.02)
        except TimeoutError:
            raise AssertionError(await self._what_hangs(rta_id)) from None

    async def _what_hangs(self, rta_id: str) -> str:
        """Spell what the stream and its data sets are doing."""
        ids = [workflow_id(rta_id), *map(self.data_set_id, self.filecoin.known)]
        return "\n".join([await self._doings(each) for each in ids])

    async def _doings(self, workflow_id: str) -> str:
        try:
            described = await self.client.get_workflow_handle(workflow_id).describe()
        except RPCError as error:
            return f"{workflow_id}: {error}"
        pending = [
            f"{each.activity_type.name} ({each.attempt}: {each.last_failure.message})"
            for each in described.raw_description.pending_activities
        ]
        task = described.raw_description.pending_workflow_task.attempt
        return f"{workflow_id}: {described.history_length} events, task {task}, {pending}"
