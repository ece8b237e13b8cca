import asyncio
import itertools
import json
import os
import signal
from pathlib import Path

import httpx
import pytest
from temporalio.client import Client

from devnet.ports import LOOPBACK, free_ports
from devnet.supervisor import Supervisor
from devnet.temporal import NAMESPACE, temporal_part

_ROUNDS = 3
_SENDERS = 4
_BURST = "burst-"


async def test_the_server_keeps_its_state_over_a_restart(tmp_path: Path) -> None:
    ports = free_ports(tmp_path / "ports.json")
    part = temporal_part(ports, tmp_path / "temporal.db", {})
    address = f"{LOOPBACK}:{ports.temporal}"
    async with Supervisor(tmp_path) as supervisor:
        await supervisor.start(part)
        client = await Client.connect(address, namespace=NAMESPACE)
        await client.start_workflow("Nobody", id="kept", task_queue="nobody")
    async with Supervisor(tmp_path) as supervisor:
        await supervisor.start(part)
        client = await Client.connect(address, namespace=NAMESPACE)
        kept = await client.get_workflow_handle("kept").describe()
    assert kept.workflow_type == "Nobody"


@pytest.mark.timeout(300)
async def test_no_acknowledged_signal_is_lost_however_often_the_server_is_killed(
    tmp_path: Path,
) -> None:
    ports = free_ports(tmp_path / "ports.json")
    address, told = f"{LOOPBACK}:{ports.temporal}", set[str]()
    async with Supervisor(tmp_path) as supervisor:
        await supervisor.start(temporal_part(ports, tmp_path / "temporal.db", {}))
        for round_number in range(_ROUNDS):
            client = await Client.connect(address, namespace=NAMESPACE)
            senders = [
                asyncio.create_task(_signal(client, f"{round_number}-{number}", told))
                for number in range(_SENDERS)
            ]
            wanted = len(told) + 20
            while len(told) < wanted:
                await asyncio.sleep(0.01)
            killed = supervisor.pids["temporal"]
            os.kill(killed, signal.SIGKILL)
            for sender in senders:
                sender.cancel()
            await asyncio.gather(*senders, return_exceptions=True)
            await supervisor.revived("temporal", after=killed)
            assert told <= await _received(address)


async def _signal(client: Client, name: str, told: set[str]) -> None:
    """Signal with start, as chunks are handed in, until cancelled or the server is gone."""
    for number in itertools.count():
        words = f"{name}-{number}"
        await client.start_workflow(
            "Nobody",
            id=f"{_BURST}{number % 2}",
            task_queue="nobody",
            start_signal="note",
            start_signal_args=[words],
        )
        told.add(words)


async def _received(address: str) -> set[str]:
    client = await Client.connect(address, namespace=NAMESPACE)
    found: set[str] = set()
    for number in range(2):
        async for event in client.get_workflow_handle(f"{_BURST}{number}").fetch_history_events():
            words = event.workflow_execution_signaled_event_attributes.input.payloads
            found |= {json.loads(word.data) for word in words}
    return found


async def test_the_web_ui_answers_once_the_server_is_ready(tmp_path: Path) -> None:
    ports = free_ports(tmp_path / "ports.json")
    async with Supervisor(tmp_path) as supervisor, httpx.AsyncClient(trust_env=False) as browser:
        await supervisor.start(temporal_part(ports, tmp_path / "temporal.db", {}))
        page = await browser.get(f"http://{LOOPBACK}:{ports.temporal_ui}/")
    assert page.status_code == 200
    assert "text/html" in page.headers["content-type"]
