"""``vibesflow audit`` beside a real Temporal server and table; providers and chain in memory."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from temporalio.client import Client
from temporalio.testing import WorkflowEnvironment

from starter.cli.exits import ExitCode
from tests.ledger.records import opening
from tests.starter.terminal import CommandLine
from tests.workflows.auditor import Auditor
from tests.workflows.harness import StreamHarness
from vibesflow.ledger import DynamoLedger
from vibesflow.settings import AuditSettings
from vibesflow.stream.records import AuditMark
from workflows.audit_client import AuditClient
from workflows.messages import AUDIT_SCHEDULE

RTA = "rta_audited"


@pytest.fixture
async def auditor(temporal_env: WorkflowEnvironment, tmp_path: Path) -> AsyncIterator[Auditor]:
    streams = StreamHarness(temporal_env, tmp_path)
    streams.copies = 2
    async with streams.worker():
        yield Auditor(temporal_env, streams)


async def test_the_schedule_is_made_once_and_follows_the_settings(temporal_client: Client) -> None:
    handle = temporal_client.get_schedule_handle(AUDIT_SCHEDULE)
    await AuditClient(temporal_client, AuditSettings()).ensure_schedule()
    await handle.pause()
    hourly = AuditClient(temporal_client, AuditSettings(interval_s=3_600, share=0.5))
    assert not await hourly.ensure_schedule()
    found = await handle.describe()
    (interval,) = found.schedule.spec.intervals
    assert interval.every.total_seconds() == 3_600
    assert found.schedule.state.paused


async def test_a_stream_is_audited_and_repaired_by_command(
    auditor: Auditor, vibesflow: CommandLine
) -> None:
    rta_id = f"rta_{uuid.uuid4().hex[:8]}"
    await auditor.complete(rta_id, chunks=2)
    auditor.lose(1)
    report = await asyncio.to_thread(vibesflow.json, "audit", rta_id, "--now")
    assert (report["phase"], report["figures"]["repaired"]) == ("done", 3)
    assert auditor.holders(rta_id) == [[2, 3]] * 2
    told = await asyncio.to_thread(vibesflow, "audit", rta_id, "--now")
    assert told.exit_code == ExitCode.OK
    assert "6 good, 0 bad" in told.stdout


async def test_a_round_over_all_streams_is_started_and_shown_again(
    auditor: Auditor, vibesflow: CommandLine
) -> None:
    await auditor.complete(f"rta_{uuid.uuid4().hex[:8]}", chunks=1)
    report = await asyncio.to_thread(vibesflow.json, "audit", "--now")
    assert (report["rta_id"], report["phase"], report["failed"]) == ("", "done", 0)
    assert await asyncio.to_thread(vibesflow.json, "audit") == report


async def test_what_stays_short_ends_with_code_8(auditor: Auditor, vibesflow: CommandLine) -> None:
    rta_id = f"rta_{uuid.uuid4().hex[:8]}"
    await auditor.complete(rta_id, chunks=1)
    for key in list(auditor.streams.filecoin.pieces):
        del auditor.streams.filecoin.pieces[key]
    told = await asyncio.to_thread(vibesflow, "audit", rta_id, "--now")
    assert told.exit_code == ExitCode.INCOMPLETE
    assert "2 lost" in told.stdout
    assert "[incomplete]" in told.stderr


def test_a_stream_shows_its_last_audit(ledger: DynamoLedger, vibesflow: CommandLine) -> None:
    ledger.open_stream(opening(RTA))
    assert vibesflow.json("audit", RTA)["audited_at"] is None
    at = "2025-11-23T00:00:00.000Z"
    ledger.note_audit(AuditMark(rta_id=RTA, at=at, result="repaired"))
    shown = {"rta_id": RTA, "audited_at": at, "audit_result": "repaired"}
    assert vibesflow.json("audit", RTA) == shown
    ledger.note_audit(AuditMark(rta_id=RTA, at=at, result="lost"))
    assert vibesflow("audit", RTA).exit_code == ExitCode.INCOMPLETE


def test_a_stream_that_is_not_there(ledger: DynamoLedger, vibesflow: CommandLine) -> None:
    assert vibesflow("audit", "rta_nobody").exit_code == ExitCode.NOT_FOUND
