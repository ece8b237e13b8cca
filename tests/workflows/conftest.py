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
    skipped_time: WorkflowEnvironment, tmp_path: Path
) -> AsyncIterator[StreamHarness]:
    """A worker on the time-skipping server."""
    harness = StreamHarness(skipped_time, tmp_path)
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
