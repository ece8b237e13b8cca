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
    harness = _set_up(StreamHarness(skipped_time, tmp_path), request)
    async with harness.worker():
        yield harness


@pytest.fixture
async def live_streams(
    request: pytest.FixtureRequest, temporal_env: WorkflowEnvironment, tmp_path: Path
) -> AsyncIterator[StreamHarness]:
    """A worker on the full server, in real time; it is set up likewise."""
    harness = _set_up(StreamHarness(temporal_env, tmp_path), request)
    async with harness.worker():
        yield harness


def _set_up(harness: StreamHarness, request: pytest.FixtureRequest) -> StreamHarness:
    if marker := request.node.get_closest_marker("copies"):
        harness.copies = marker.args[0]
        harness.linger_s = marker.kwargs.get("linger_s", 0.0)
    return harness
