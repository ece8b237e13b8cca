"""Rounds of audit against the streams of a harness."""

from __future__ import annotations

from temporalio.client import WorkflowHandle
from temporalio.testing import WorkflowEnvironment

from tests.workflows.harness import StreamHarness
from vibesflow.audit.report import AuditReport
from vibesflow.stream.records import RowStatus
from workflows import messages
from workflows.messages import AuditInput


class Auditor:
    """Runs rounds against the streams of a harness."""

    def __init__(self, env: WorkflowEnvironment, streams: StreamHarness) -> None:
        self._env = env
        self.streams = streams
        self.rounds = 0

    async def start(self, **options: object) -> WorkflowHandle[object, AuditReport]:
        self.rounds += 1
        start = AuditInput.model_validate({"leftover_age_s": 0, **options})
        return await self._env.client.start_workflow(
            messages.AUDIT_WORKFLOW,
            start,
            id=f"{messages.AUDIT_ROUND}-{self.streams.payer}-{self.rounds}",
            task_queue=messages.RTA_QUEUE,
            result_type=AuditReport,
        )

    async def run(self, **options: object) -> AuditReport:
        return await (await self.start(**options)).result()

    async def complete(self, rta_id: str, chunks: int = 3) -> None:
        await self.streams.send(rta_id, *range(chunks), final=chunks - 1)
        await self.streams.result(rta_id)

    def lose(self, provider_id: int, count: int | None = None) -> None:
        """Delete a provider's disk, or only some of its pieces."""
        pieces = self.streams.filecoin.pieces
        for key in [key for key in pieces if key[0] == provider_id][:count]:
            del pieces[key]

    def holders(self, rta_id: str) -> list[list[int]]:
        """Who has each chunk, as the rows say; each copy must be there, and on chain."""
        filecoin = self.streams.filecoin
        found = []
        for row in self.streams.ledger.list_chunks(rta_id):
            assert row.status is RowStatus.UPLOADED
            assert row.piece_cid is not None
            for copy in row.copies:
                assert (copy.provider_id, row.piece_cid) in filecoin.pieces
                assert filecoin.ids[copy.data_set_id, row.piece_cid] == copy.piece_id
            first = row.copies[0]
            assert row.retrieval_url == first.base_url + row.piece_cid
            assert (row.provider_id, row.data_set_id) == (first.provider_id, first.data_set_id)
            found.append(sorted(copy.provider_id for copy in row.copies))
        return found
