from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from uuid import uuid4

import pytest
from temporalio.testing import WorkflowEnvironment

from tests.workflows.harness import StreamHarness


@pytest.fixture
def rta_id() -> str:
    return f"rta_{uuid4().hex[:12]}"


@pytest.fixture
async def streams(
    request: pytest.FixtureRequest, skipped_time: WorkflowEnvironment, tmp_path: Path
) -> AsyncIterator[StreamHarness]:
    """A worker on the time-skipping server; ``@pytest.mark.copies(2, linger_s=30)`` sets it up."""
    harness = StreamHarness(skipped_time, tmp_path)
    if marker := request.node.get_closest_marker("copies"):
        harness.copies = marker.args[0]
        harness.linger_s = marker.kwargs.get("linger_s", 0.0)
    async with harness.worker():
        yield harness


@pytest.fixture
async def live_streams(
    temporal_env: WorkflowEnvironment, tmp_path: Path
) -> AsyncIterator[StreamHarness]:
    """A worker on the full server, in real time."""
    harness = StreamHarness(temporal_env, tmp_path)
    async with harness.worker():
        yield harness
