"""Records the histories anew: ``python -m tests.replay.record``, or with names of scenarios.

Do this for a new scenario, or before the first release of a workflow. A recorded history of a
released version is never replaced: what it proves is that running streams survive a deploy.
"""

from __future__ import annotations

import asyncio
import json
import sys
from contextlib import AbstractAsyncContextManager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from unittest.mock import patch

from temporalio.service import RPCError
from temporalio.testing import WorkflowEnvironment

from tests.fakes.pinning import MemoryPinning
from tests.fixtures.temporal import start_local, start_skipped_time
from tests.replay.scenarios import SCENARIOS, Setting
from tests.workflows.harness import StreamHarness
from workflows.messages import late_commit_id

HISTORIES = Path(__file__).with_name("histories")
ROOT = Path(__file__).parents[2]
"""Stack traces name files; where the project lay is nobody's business."""


async def record(only: frozenset[str]) -> None:
    """Live each scenario once and write the history of each of its runs."""
    for scenario, setting in SCENARIOS.items():
        name = scenario.__name__
        if only and name not in only:
            continue
        async with _server(setting) as env:
            with TemporaryDirectory() as folder:
                streams = StreamHarness(env, Path(folder))
                streams.copies = setting.copies
                streams.pinning = MemoryPinning() if setting.pins else None
                async with streams.worker():
                    with patch("vibesflow.data_set.state.MOST_QUEUED", setting.most_queued):
                        await scenario(env, streams, f"rta_{name}")
            await _keep(env, streams, name, setting)


def _server(setting: Setting) -> AbstractAsyncContextManager[WorkflowEnvironment]:
    if setting.suggested_events is None:
        return start_skipped_time()
    limit = f"limit.historyCount.suggestContinueAsNew={setting.suggested_events}"
    return start_local("--dynamic-config-value", limit)


async def _keep(
    env: WorkflowEnvironment, streams: StreamHarness, name: str, setting: Setting
) -> None:
    for number, run_id in enumerate(streams.runs, start=1):
        await _write(env, f"rta:rta_{name}", f"{name}-{number}", run_id)
    if not setting.replays_data_sets:
        return
    for provider_id in {commit.provider_id for commit in streams.filecoin.commits}:
        data_set = streams.data_set_id(provider_id)
        *earlier, newest = await streams.runs_of(data_set)
        await _write(env, data_set, f"{name}-data_set_{provider_id}", newest)
        for number, run_id in enumerate(earlier, start=1):
            await _write(env, data_set, f"{name}-data_set_{provider_id}_{number}", run_id)
    await _keep_late_commits(env, streams, name)


async def _keep_late_commits(env: WorkflowEnvironment, streams: StreamHarness, name: str) -> None:
    for number, commit in enumerate(streams.filecoin.commits, start=1):
        watcher = late_commit_id(f"{commit.nonce:064x}")
        handle = env.client.get_workflow_handle(watcher)
        with suppress(RPCError):  # that commit was not given up
            described = await handle.describe()
            await _write(env, watcher, f"{name}-late_commit_{number}", described.run_id)


async def _write(env: WorkflowEnvironment, workflow_id: str, name: str, run_id: str) -> None:
    handle = env.client.get_workflow_handle(workflow_id, run_id=run_id)
    history = json.loads((await handle.fetch_history()).to_json())
    path = HISTORIES / f"{name}.json"
    text = json.dumps(history, separators=(",", ":"), sort_keys=True)
    path.write_text(text.replace(f"{ROOT}/", "") + "\n")


if __name__ == "__main__":
    asyncio.run(record(frozenset(sys.argv[1:])))
