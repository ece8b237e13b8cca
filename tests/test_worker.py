"""The worker as a process: it tells what is wrong with its settings, and leaves in good order."""

from __future__ import annotations

import asyncio
import os
import secrets
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from temporalio.api.enums.v1 import EventType
from temporalio.client import Client
from temporalio.testing import WorkflowEnvironment

import worker
from starter.session import StreamingSession
from tests.filecoin.front import Disturb, Forward
from tests.filecoin.onchain import Onchain, onchain
from tests.filecoin.small_server import Reply, Request, as_json, small_server
from tests.fixtures.temporal import start_local
from vibesflow.errors import (
    KeyMalformed,
    NetworkUnknown,
    SettingsInvalid,
    VibesflowError,
    WrongChain,
)
from vibesflow.ingest import Receiver
from vibesflow.ledger import create_tables
from vibesflow.settings import StagingSettings, StreamSettings, TableSettings, TemporalSettings
from vibesflow.staging import open_staging
from workflows.client import StreamClient
from workflows.messages import workflow_id

WORKER = Path(worker.__file__)
KEY = "0x" + "7" * 64
SECRET = "zz" * 32
START_S = 90
GRACE_S = 60


def environment(**settings: object) -> dict[str, str]:
    clean = {n: v for n, v in os.environ.items() if not n.startswith(("VIBESFLOW_", "AWS_"))}
    fixed = {"worker_metrics_address": "127.0.0.1:0", "worker_health_port": 0}
    named = {f"VIBESFLOW_{name.upper()}": str(value) for name, value in (fixed | settings).items()}
    return clean | {"AWS_ACCESS_KEY_ID": "local", "AWS_SECRET_ACCESS_KEY": "local"} | named


async def words_of(**settings: object) -> tuple[int | None, str]:
    """Start the process on these settings; returns its exit code and all that it says."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, str(WORKER)),
        env=environment(**settings),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    said, _ = await asyncio.wait_for(process.communicate(), START_S)
    return process.returncode, said.decode()


@pytest.mark.parametrize(
    ("settings", "kind"),
    [
        ({"network": "moon"}, NetworkUnknown),
        ({"network": "moon", "staging_url": "ftp://x"}, SettingsInvalid),
        ({"network": "mainnet", "private_key": KEY, "colour": "red"}, SettingsInvalid),
    ],
)
def test_every_fault_of_the_settings_is_listed(
    settings: dict[str, str],
    kind: type[VibesflowError],
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    for name in [name for name in os.environ if name.startswith("VIBESFLOW_")]:
        monkeypatch.delenv(name)
    for name, value in environment(**({"private_key": KEY} | settings)).items():
        monkeypatch.setenv(name, value)
    assert worker.main() == worker.EXIT_SETTINGS
    told = capfd.readouterr().err
    assert told.startswith(f"{kind.code}: ")
    assert told.endswith(f"{kind.advice}\n")
    for name in settings.keys() - {"private_key"}:
        assert (f"VIBESFLOW_{name.upper()}: " in told) is (settings[name] != "mainnet")
    assert KEY not in told


async def test_no_key_and_another_chain_are_told_before_any_work_is_taken(
    temporal_env: WorkflowEnvironment,
) -> None:
    def ethereum(request: Request) -> Reply:
        body = request.json()
        assert isinstance(body, dict)
        return as_json({"jsonrpc": "2.0", "id": body["id"], "result": "0x1"})

    async with small_server() as node:
        node.handler = ethereum
        here = {
            "network": "calibration",
            "rpc_urls": node.url,
            "temporal_address": temporal_env.client.service_client.config.target_host,
        }
        ends = await asyncio.gather(
            words_of(**here, private_key=SECRET), words_of(**here, private_key=KEY)
        )
    for (code, told), kind in zip(ends, (KeyMalformed, WrongChain), strict=True):
        assert (code, f"\n{kind.code}: " in f"\n{told}") == (worker.EXIT_SETTINGS, True), told
        assert told.endswith(f"{kind.advice}\n")
        assert "serving task queues" not in told
        assert "Traceback" not in told
        assert SECRET not in told
        assert KEY not in told


@asynccontextmanager
async def running(log: Path, **settings: object) -> AsyncIterator[asyncio.subprocess.Process]:
    with log.open("wb") as output:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, str(WORKER)),
            env=environment(**settings),
            stdout=output,
            stderr=output,
        )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


async def until_said(log: Path, words: str, times: int) -> None:
    while log.read_text().count(words) < times:
        await asyncio.sleep(0.05)


async def attempts_of(client: Client, rta_id: str) -> dict[str, int]:
    """The attempts in which the activities of a stream completed, by the activity's name."""
    names, attempts, ended = {}, {}, {}
    history = await client.get_workflow_handle(workflow_id(rta_id)).fetch_history()
    for event in history.events:
        if event.event_type == EventType.EVENT_TYPE_ACTIVITY_TASK_SCHEDULED:
            scheduled = event.activity_task_scheduled_event_attributes
            names[event.event_id] = scheduled.activity_type.name
        elif event.event_type == EventType.EVENT_TYPE_ACTIVITY_TASK_STARTED:
            started = event.activity_task_started_event_attributes
            attempts[started.scheduled_event_id] = started.attempt
        elif event.event_type == EventType.EVENT_TYPE_ACTIVITY_TASK_COMPLETED:
            at = event.activity_task_completed_event_attributes.scheduled_event_id
            ended[names[at]] = attempts[at]
    return ended


@dataclass
class Around:
    """What is around a worker: real servers, and the settings that lead to them."""

    temporal: Client
    chain: Onchain
    session: StreamingSession
    settings: dict[str, object]

    async def send(self) -> None:
        await self.session.send(secrets.token_bytes(500), duration_ms=1_000)

    def disturb(self, disturb: Disturb) -> None:
        for front in self.chain.fronts:
            front.disturb = disturb

    @property
    def uploads(self) -> int:
        """How often bytes were sent to a provider."""
        return sum(front.count("PUT", "") for front in self.chain.fronts)


@pytest.fixture
async def around(table_settings: TableSettings, tmp_path: Path) -> AsyncIterator[Around]:
    create_tables(table_settings)
    staging = StagingSettings(url=(tmp_path / "staging").as_uri())
    async with (
        start_local() as temporal,
        onchain(tmp_path) as chain,
    ):
        address = temporal.client.service_client.config.target_host
        live = await StreamClient.connect(TemporalSettings(address=address), StreamSettings())
        receiver = Receiver(open_staging(staging), live, max_bytes=10**6)
        settings: dict[str, object] = {
            "temporal_address": address,
            "table_endpoint": table_settings.endpoint,
            "table_metadata_name": table_settings.metadata_name,
            "table_chunks_name": table_settings.chunks_name,
            "staging_url": staging.url,
            "network": "devnet",
            "devnet_info": chain.export,
            "private_key": "0x" + bytes((await chain.payer()).key).hex(),
            "copies": 1,
        }
        yield Around(temporal.client, chain, StreamingSession(receiver, creator="dj"), settings)


async def test_sigterm_lets_an_upload_end_in_its_first_attempt_and_takes_no_other(
    around: Around, tmp_path: Path
) -> None:
    under_way, go_on, log = asyncio.Event(), asyncio.Event(), tmp_path / "worker.log"

    async def held(request: Request, forward: Forward) -> Reply:
        if request.method == "PUT":
            under_way.set()
            await go_on.wait()
        return await forward(request)

    around.disturb(held)
    async with running(log, **around.settings, worker_grace_s=GRACE_S) as process:
        await around.send()
        await asyncio.wait_for(under_way.wait(), START_S)
        process.send_signal(signal.SIGTERM)
        # The worker of each task queue says so; if one waited for the other, it would do so
        # only when the grace of that one is over.
        async with asyncio.timeout(GRACE_S / 2):
            await until_said(log, "Beginning worker shutdown", 2)
        await around.send()
        go_on.set()
        assert await asyncio.wait_for(process.wait(), GRACE_S) == 0, log.read_text()
    ended = await attempts_of(around.temporal, around.session.rta_id)
    assert (ended["store_chunk"], around.uploads) == (1, 1)
    assert "Traceback" not in log.read_text()
