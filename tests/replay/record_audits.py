"""Records the histories of audits anew: ``python -m tests.replay.record_audits``.

When that may be done is said in `tests.replay.record`.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from pathlib import Path
from tempfile import TemporaryDirectory

from temporalio.client import WorkflowHandle
from temporalio.testing import WorkflowEnvironment

from tests.fixtures.temporal import start_skipped_time
from tests.workflows.auditor import Auditor
from tests.workflows.harness import StreamHarness
from vibesflow.audit.report import AuditReport

AUDITS = Path(__file__).with_name("audits")
ROOT = Path(__file__).parents[2]

Scenario = Callable[[WorkflowEnvironment, Auditor], Awaitable[WorkflowHandle[object, AuditReport]]]


async def all_is_well(
    _: WorkflowEnvironment, auditor: Auditor
) -> WorkflowHandle[object, AuditReport]:
    """Two streams that need nothing."""
    for name in ("rta_a", "rta_b"):
        await auditor.complete(name, chunks=2)
    return await auditor.start()


async def disk_lost(
    _: WorkflowEnvironment, auditor: Auditor
) -> WorkflowHandle[object, AuditReport]:
    """A disk is gone, and the first provider that is asked for a copy refuses it."""
    await auditor.complete("rta_a")
    auditor.lose(2)
    auditor.streams.filecoin.refuses_pulls = {3}
    return await auditor.start()


async def provider_silent(
    env: WorkflowEnvironment, auditor: Auditor
) -> WorkflowHandle[object, AuditReport]:
    """A provider does not answer, is waited for, and stays away."""
    await auditor.complete("rta_a", chunks=2)
    auditor.streams.filecoin.silent = {1}
    return await auditor.start(patience_s=600)


SCENARIOS: tuple[Scenario, ...] = (all_is_well, disk_lost, provider_silent)


async def record() -> None:
    """Live each scenario once and write the history of its round."""
    AUDITS.mkdir(exist_ok=True)
    for scenario in SCENARIOS:
        async with start_skipped_time() as env:
            with TemporaryDirectory() as folder:
                streams = StreamHarness(env, Path(folder))
                streams.copies = 2
                async with streams.worker():
                    handle = await scenario(env, Auditor(env, streams))
                    await handle.result()
            history = json.loads((await handle.fetch_history()).to_json())
        text = json.dumps(history, separators=(",", ":"), sort_keys=True)
        path = AUDITS / f"{scenario.__name__}.json"
        path.write_text(text.replace(f"{ROOT}/", "") + "\n")


if __name__ == "__main__":
    asyncio.run(record())
