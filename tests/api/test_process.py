"""The door as a process: it starts, says where it listens, and leaves in good order."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import httpx
import pytest
import pytest_asyncio
from temporalio.service import RPCError

from api.__main__ import main, run
from api.wiring import network_facts
from tests.api.door import AUDIO, headers_of
from tests.api.tickets import OPERATOR_KEY, TICKET_KEY, bearer, ticket_for
from tests.samples import chunk_id_of
from vibesflow.errors import NetworkUnknown
from vibesflow.filecoin.devnet_info import DevnetContracts
from vibesflow.ledger import create_tables
from vibesflow.settings import FilecoinSettings, NetworkName, load_settings
from vibesflow.stream.ids import parse_chunk_id
from workflows.messages import workflow_id

KEY = "0x" + "7" * 64
BASE = {
    "VIBESFLOW_NETWORK": "calibration",
    "VIBESFLOW_API_PORT": "0",
    "VIBESFLOW_ACCESS_TICKET_KEY": TICKET_KEY,
    "VIBESFLOW_ACCESS_OPERATOR_KEY": OPERATOR_KEY,
}
START_S = 90
STOPPING = (signal.SIGTERM, signal.SIGINT)
RTA_IDS = ("rta_process_1", *(f"rta_stop_{number}" for number in STOPPING))


def ticketed(chunk_id: str) -> dict[str, str]:
    return bearer(ticket_for(parse_chunk_id(chunk_id).rta_id))


def environment(**settings: object) -> dict[str, str]:
    clean = {n: v for n, v in os.environ.items() if not n.startswith(("VIBESFLOW_", "AWS_"))}
    named = {f"VIBESFLOW_{name.upper()}": str(value) for name, value in settings.items()}
    return clean | BASE | named


async def started(**settings: object) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "api",
        env=environment(**settings),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )


async def outcome(**settings: object) -> tuple[int | None, str]:
    process = await started(**settings)
    _, errors = await asyncio.wait_for(process.communicate(), START_S)
    return process.returncode, errors.decode()


@pytest_asyncio.fixture
async def world(temporal_env, table_settings, tmp_path: Path) -> AsyncIterator[dict[str, object]]:
    """Real servers; no worker, no chain."""
    create_tables(table_settings)
    yield {
        "temporal_address": temporal_env.client.service_client.config.target_host,
        "table_endpoint": table_settings.endpoint,
        "table_metadata_name": table_settings.metadata_name,
        "table_chunks_name": table_settings.chunks_name,
        "staging_url": (tmp_path / "staging").as_uri(),
    }
    for rta_id in RTA_IDS:  # the server outlives this test, the streams need not
        with suppress(RPCError):
            await temporal_env.client.get_workflow_handle(workflow_id(rta_id)).terminate()


@asynccontextmanager
async def running(
    world: dict[str, object], **settings: object
) -> AsyncIterator[tuple[asyncio.subprocess.Process, str]]:
    process = await started(**{**world, **settings})
    assert process.stdout is not None
    try:
        line = (await asyncio.wait_for(process.stdout.readline(), START_S)).decode()
        assert line.startswith("listening on http://127.0.0.1:"), line
        yield process, line.removeprefix("listening on ").strip()
    finally:
        if process.returncode is None:
            process.kill()
        await process.communicate()


async def test_every_fault_of_the_settings_is_listed_and_no_secret_shown():
    code, errors = await outcome(
        api_port="many",
        api_max_chunk_bytes="5",
        staging_url="ftp://x",
        private_key=KEY,
        colour="red",
    )
    assert code == 3
    for name in ("API_PORT", "API_MAX_CHUNK_BYTES", "STAGING_URL", "COLOUR"):
        assert f"VIBESFLOW_{name}" in errors
    assert KEY not in errors
    assert "Traceback" not in errors


async def test_an_unknown_network_is_told_with_those_that_there_are():
    code, errors = await outcome(network="moon")
    assert code == 3
    assert NetworkUnknown.advice in errors
    assert "Traceback" not in errors


async def test_a_devnet_without_its_export(tmp_path):
    code, errors = await outcome(network="devnet", devnet_info=tmp_path / "nowhere.json")
    assert (code, "VIBESFLOW_DEVNET_INFO" in errors, "Traceback" in errors) == (3, True, False)


async def test_it_lets_nobody_in_unseen_but_in_a_devnet():
    code, errors = await outcome(access_ticket_key="", access_operator_key="short")
    assert code == 3
    assert "VIBESFLOW_ACCESS_TICKET_KEY" in errors
    assert "VIBESFLOW_ACCESS_OPERATOR_KEY" in errors
    assert "short" not in errors.replace("shorter", "")


async def test_an_address_in_use(world):
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        holder.listen()
        code, errors = await outcome(**world, api_port=holder.getsockname()[1])
    assert (code, "cannot listen" in errors, "Traceback" in errors) == (1, True, False)


async def test_chunks_are_acknowledged_without_a_worker(world):
    """Signal-with-start needs no worker, and no private key is anywhere in sight."""
    chunk_id = chunk_id_of(0, rta_id="rta_process_1")
    said = {**headers_of(chunk_id), **ticketed(chunk_id), "Content-Type": "audio/webm"}
    async with (
        running(world) as (_, url),
        httpx.AsyncClient(base_url=url, trust_env=False, timeout=30) as client,
    ):
        assert (await client.get("/health")).json()["status"] == "healthy"
        replies = [await client.post("/upload", content=AUDIO, headers=said) for _ in range(2)]
        assert [reply.status_code for reply in replies] == [202, 202]
        other = await client.post("/upload", content=AUDIO[::-1], headers=said)
        assert other.status_code == 409
        upload = await client.get(replies[0].json()["status_url"])
        assert upload.json()["status"] == "processing"
        stream = await client.get("/filecoin/status/rta_process_1")
        assert stream.json()["status"] == "processing"
        assert (await client.get("/filecoin/status/rta_process_none")).json() | {"rtaId": ""} == {
            "rtaId": "",
            "status": "not_found",
            "totalChunks": 0,
            "uploadedChunks": 0,
            "failedChunks": 0,
            "proofSetId": None,
            "storageProvider": None,
            "waitingFor": None,
            "chunks": {},
        }


@pytest.mark.parametrize("number", STOPPING)
async def test_a_signal_lets_an_upload_finish_and_takes_no_new_ones(world, number):
    chunk_id = chunk_id_of(0, rta_id=f"rta_stop_{number}")
    said = {**headers_of(chunk_id), **ticketed(chunk_id), "Content-Type": "audio/webm"}
    under_way, told = asyncio.Event(), asyncio.Event()

    async def slowly():
        yield AUDIO[:2_000]
        under_way.set()
        await told.wait()
        await asyncio.sleep(0.5)
        yield AUDIO[2_000:]

    async with running(world) as (process, url):
        async with httpx.AsyncClient(base_url=url, trust_env=False, timeout=30) as client:
            upload = asyncio.create_task(client.post("/upload", content=slowly(), headers=said))
            await under_way.wait()
            await asyncio.sleep(0.2)
            process.send_signal(number)
            told.set()
            assert (await upload).status_code == 202
        async with httpx.AsyncClient(base_url=url, trust_env=False) as late:
            with pytest.raises(httpx.TransportError):
                await late.get("/livez")
        assert await asyncio.wait_for(process.wait(), START_S) == 0


async def test_it_runs_inside_another_process_as_well(world, monkeypatch, capfd):
    for name in list(os.environ):
        if name.startswith("VIBESFLOW_"):
            monkeypatch.delenv(name)
    for name, value in environment(**world).items():
        monkeypatch.setenv(name, value)
    running_here = asyncio.create_task(run(load_settings()))
    printed = ""
    while "listening on" not in printed:
        await asyncio.sleep(0.05)
        assert not running_here.done(), running_here
        printed += capfd.readouterr().out
    async with httpx.AsyncClient(trust_env=False, timeout=30) as client:
        reply = await client.get(f"{printed.split()[-1]}/readyz")
    assert reply.json() == {"status": "ready"}
    os.kill(os.getpid(), signal.SIGTERM)
    await asyncio.wait_for(running_here, 10)


def test_the_network_is_known_without_asking_the_chain():
    facts = network_facts(FilecoinSettings(network=NetworkName.CALIBRATION))
    assert (facts.name, facts.wallet, facts.cdn_base) == ("calibration", None, None)
    assert facts.warm_storage == "0x02925630df557F957f70E112bA06e50965417CA0"


def test_the_payer_of_a_devnet_is_its_first_user(tmp_path):
    address = "0x" + "1" * 40
    contracts = dict.fromkeys(DevnetContracts.model_fields, address)
    info = {
        "users": [{"name": "USER_1", "evm_addr": "0x" + "2" * 40, "private_key_hex": KEY}],
        "contracts": contracts,
        "lotus": {"host_rpc_url": "http://127.0.0.1:1"},
    }
    export = tmp_path / "devnet.json"
    export.write_text(json.dumps({"version": 2, "info": info}))
    settings = FilecoinSettings(network=NetworkName.DEVNET, devnet_info=export)
    facts = network_facts(settings)
    assert (facts.name, facts.wallet) == ("devnet", "0x" + "2" * 40)


@pytest.mark.parametrize(
    ("settings", "code", "words"),
    [
        ({"api_port": "many"}, 3, "VIBESFLOW_API_PORT"),
        ({"temporal_address": "127.0.0.1:1"}, 7, "Temporal"),
    ],
)
def test_exit_codes(settings, code, words, monkeypatch, capfd):
    for name, value in environment(**settings).items():
        monkeypatch.setenv(name, value)
    assert main() == code
    assert words in capfd.readouterr().err


async def test_a_stop_waits_no_longer_than_its_grace(world):
    chunk_id = chunk_id_of(0, rta_id="rta_grace")
    said = {**headers_of(chunk_id), **ticketed(chunk_id), "Content-Type": "audio/webm"}
    said["Content-Length"] = "100000"
    head = "".join(f"{name}: {value}\r\n" for name, value in said.items())
    async with running(world, api_grace_s=1) as (process, url):
        address = httpx.URL(url)
        _, writer = await asyncio.open_connection(address.host, address.port)
        writer.write(f"POST /upload HTTP/1.1\r\nHost: door\r\n{head}\r\n".encode() + AUDIO)
        await writer.drain()
        await asyncio.sleep(0.3)
        process.send_signal(signal.SIGTERM)
        assert await asyncio.wait_for(process.wait(), START_S) == 0
        writer.close()
    staged = Path(httpx.URL(str(world["staging_url"])).path)
    assert [path for path in staged.rglob("*") if path.is_file()] == []
