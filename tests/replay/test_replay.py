"""Every stored history must replay: a running stream survives a deploy of this code."""

from __future__ import annotations

from pathlib import Path

import pytest
from temporalio.client import WorkflowHistory
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.worker import Replayer

from tests.replay.record import HISTORIES
from tests.replay.scenarios import SCENARIOS
from workflows.data_set import DataSetWorkflow
from workflows.late_commit import LateCommitWorkflow
from workflows.rta import RtaWorkflow


@pytest.mark.parametrize("path", sorted(HISTORIES.rglob("*.json")), ids=lambda path: path.stem)
async def test_a_stored_history_replays(path: Path) -> None:
    replayer = Replayer(
        workflows=[RtaWorkflow, DataSetWorkflow, LateCommitWorkflow],
        data_converter=pydantic_data_converter,
    )
    history = WorkflowHistory.from_json(f"rta:{path.stem}", path.read_text())
    await replayer.replay_workflow(history)


def test_every_scenario_has_a_history() -> None:
    recorded = {path.stem.partition("-")[0] for path in HISTORIES.glob("*.json")}
    assert recorded == {scenario.__name__ for scenario in SCENARIOS}
