"""Every stored history of an audit must replay: a round may last longer than a deploy."""

from __future__ import annotations

from pathlib import Path

import pytest
from temporalio.client import WorkflowHistory
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.worker import Replayer

from tests.replay.record_audits import AUDITS, SCENARIOS
from workflows.audit import AuditWorkflow


@pytest.mark.parametrize("path", sorted(AUDITS.glob("*.json")), ids=lambda path: path.stem)
async def test_a_stored_audit_replays(path: Path) -> None:
    replayer = Replayer(workflows=[AuditWorkflow], data_converter=pydantic_data_converter)
    history = WorkflowHistory.from_json(f"audit/{path.stem}", path.read_text())
    await replayer.replay_workflow(history)


def test_every_scenario_has_a_history() -> None:
    recorded = {path.stem for path in AUDITS.glob("*.json")}
    assert recorded == {scenario.__name__ for scenario in SCENARIOS}
