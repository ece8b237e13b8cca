from pathlib import Path

import httpx
from temporalio.client import Client

from devnet.ports import LOOPBACK, free_ports
from devnet.supervisor import Supervisor
from devnet.temporal import NAMESPACE, temporal_part


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


async def test_the_web_ui_answers_once_the_server_is_ready(tmp_path: Path) -> None:
    ports = free_ports(tmp_path / "ports.json")
    async with Supervisor(tmp_path) as supervisor, httpx.AsyncClient(trust_env=False) as browser:
        await supervisor.start(temporal_part(ports, tmp_path / "temporal.db", {}))
        page = await browser.get(f"http://{LOOPBACK}:{ports.temporal_ui}/")
    assert page.status_code == 200
    assert "text/html" in page.headers["content-type"]
