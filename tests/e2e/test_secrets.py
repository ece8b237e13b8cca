"""A stream from end to end with known secrets, and a search for them in all that is left of it."""

from __future__ import annotations

import asyncio
import base64
import json
import subprocess
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
from temporalio.client import Client

from devnet.ready import Ready
from tests.e2e.recorder import CREATOR, Recorder
from tests.e2e.table import RawTable
from tests.fixtures.world import VIBESFLOW, RunningWorld, running_world
from vibesflow.settings.env_lines import parse_env_lines

SECRET_SETTINGS = (
    "VIBESFLOW_PRIVATE_KEY",
    "VIBESFLOW_ACCESS_TICKET_KEY",
    "VIBESFLOW_ACCESS_OPERATOR_KEY",
    "AWS_SECRET_ACCESS_KEY",
)
THEIR_OWN_PLACE = {"env", "access-keys", "devnet.json"}
"""Files that hold secrets because that is what they are for; their owner alone may read them."""


@dataclass(frozen=True)
class Secrets:
    """What must be nowhere, by name."""

    named: dict[str, str]

    def in_bytes(self, data: bytes) -> set[str]:
        return {name for name, value in self.named.items() for s in spelled(value) if s in data}


def spelled(secret: str) -> Iterator[bytes]:
    """A secret as it is, and as it looks in hex or inside base64."""
    bare = secret.removeprefix("0x")
    yield bare.encode()
    yield bare.upper().encode()
    yield bare.encode().hex().encode()
    for before in range(3):  # where it begins among the groups of three bytes
        inside = base64.b64encode(bytes(before) + bare.encode())
        yield inside[4:-4]
    if secret.startswith("0x"):
        yield bytes.fromhex(bare)


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningWorld]:
    with running_world(tmp_path_factory.mktemp("guarded"), "--with-tickets") as running:
        yield running


@pytest.fixture(scope="module")
def settings(world: RunningWorld) -> dict[str, str]:
    path = Path(world.ready.env_file)
    return dict(parse_env_lines(path, path.read_text().splitlines()))


def make_ticket(ready: Ready, rta_id: str, *options: str) -> str:
    words = [VIBESFLOW, "--env-file", ready.env_file, "ticket", "create", "--json"]
    asked = ["--creator", CREATOR, "--rta", rta_id, *options]
    done = subprocess.run([*words, *asked], capture_output=True, check=True)  # noqa: S603
    return str(json.loads(done.stdout)["ticket"])


@pytest.fixture(scope="module")
async def door(world: RunningWorld) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(base_url=world.ready.api, timeout=60, trust_env=False) as client:
        yield client


async def test_no_secret_is_left_anywhere(
    world: RunningWorld, settings: dict[str, str], door: httpx.AsyncClient
) -> None:
    recorder = Recorder(door, "secret", chunks=3)
    ticket = make_ticket(world.ready, recorder.rta_id)
    other = make_ticket(world.ready, "rta_of_somebody_else")
    operator = settings["VIBESFLOW_ACCESS_OPERATOR_KEY"]
    tokens = [name for name in settings if name.endswith(("_TOKEN", "_SECRET"))]
    named = {name: settings[name] for name in (*SECRET_SETTINGS, *tokens)}
    named |= {"ticket": ticket, "its signature": ticket.rpartition(".")[2], "another's": other}
    assert min(map(len, named.values())) >= 20
    secrets = Secrets(named)

    said = await refusals(door, recorder, (other, operator, ticket[:-4], operator[:-4]))
    door.headers["Authorization"] = f"Bearer {ticket}"
    for chunk in recorder.chunks:
        assert (await recorder.send(chunk)).status_code == 202
    said += [await recorder.send(recorder.chunks[0], data=recorder.chunks[1].data)]
    assert said[-1].status_code == 409
    said += await until_complete(recorder, door)
    door.headers["Authorization"] = f"Bearer {operator}"
    said += [await door.post(f"/api/complete-rta/{recorder.rta_id}")]
    assert said[-1].json()["status"] == "already_complete"
    del door.headers["Authorization"]
    for path in ("/metrics", "/health", "/filecoin/test", "/api/all-rtas", "/openapi.json"):
        said += [await door.get(path)]
    said += [await door.get(f"{address}/metrics") for address in worker_addresses(settings)]

    found = {f"reply to {r.request.url}": secrets.in_bytes(r.content) for r in said}
    found |= {f"headers of {r.request.url}": secrets.in_bytes(heads(r)) for r in said}
    found |= await in_histories(world.ready, secrets)
    found |= in_table(world.ready, secrets)
    found |= in_files(world, secrets)
    found |= on_command_lines(world.ready, secrets)
    assert len(found) > 30
    assert {place: names for place, names in found.items() if names} == {}


async def refusals(
    door: httpx.AsyncClient, recorder: Recorder, shown: tuple[str, ...]
) -> list[httpx.Response]:
    """What is said to people who show the wrong thing, and to one who shows nothing."""
    replies = []
    for text in ("", *shown):
        door.headers["Authorization"] = f"Bearer {text}".strip()
        reply = await recorder.send(recorder.chunks[0])
        assert reply.status_code in (401, 403), reply.text
        replies.append(reply)
    return replies


async def until_complete(recorder: Recorder, door: httpx.AsyncClient) -> list[httpx.Response]:
    """Ask until the stream is complete; return what was said, refusals of a busy machine too."""
    replies: list[httpx.Response] = []
    async with asyncio.timeout(150):
        while not replies or replies[-1].json().get("status") != "completed":
            replies.append(await door.get(f"/filecoin/status/{recorder.rta_id}"))
            await asyncio.sleep(0.25)
    return replies


def heads(reply: httpx.Response) -> bytes:
    return b"\n".join(name + b": " + value for name, value in reply.headers.raw)


def worker_addresses(settings: dict[str, str]) -> list[str]:
    host, port = (settings[f"VIBESFLOW_WORKER_HEALTH_{name}"] for name in ("HOST", "PORT"))
    return [f"http://{host}:{port}", f"http://{settings['VIBESFLOW_WORKER_METRICS_ADDRESS']}"]


async def in_histories(ready: Ready, secrets: Secrets) -> dict[str, set[str]]:
    """Every event of every workflow; payloads are plain bytes in them."""
    client = await Client.connect(ready.temporal, namespace=ready.namespace)
    found = {}
    async for execution in client.list_workflows():
        handle = client.get_workflow_handle(execution.id, run_id=execution.run_id)
        written = [e.SerializeToString() for e in (await handle.fetch_history()).events]
        found[f"history of {execution.id}"] = secrets.in_bytes(b"".join(written))
    assert len(found) > 1
    return found


def in_table(ready: Ready, secrets: Secrets) -> dict[str, set[str]]:
    dump = RawTable(ready.dynamodb).dump()
    items = {**dump.streams, **dump.chunks}
    assert items
    return {f"item {key}": secrets.in_bytes(repr(item).encode()) for key, item in items.items()}


def in_files(world: RunningWorld, secrets: Secrets) -> dict[str, set[str]]:
    """Logs, databases, staged and stored bytes, and what the supervisor printed."""
    data_dir = Path(world.ready.data_dir)
    files = [path for path in data_dir.rglob("*") if path.is_file()]
    assert {"api.log", "worker.log", "temporal.log"} <= {path.name for path in files}
    searched = [path for path in files if path.name not in THEIR_OWN_PLACE]
    for path in set(files) - set(searched):
        assert path.name == "devnet.json" or path.stat().st_mode & 0o077 == 0
    searched.append(world.ready_file.with_name("words"))
    return {f"file {path}": secrets.in_bytes(path.read_bytes()) for path in searched}


def on_command_lines(ready: Ready, secrets: Secrets) -> dict[str, set[str]]:
    lines = {name: Path(f"/proc/{pid}/cmdline") for name, pid in ready.pids.items()}
    return {
        f"command line of {name}": secrets.in_bytes(path.read_bytes())
        for name, path in lines.items()
        if path.exists()
    }


def test_a_secret_would_be_found() -> None:
    secrets = Secrets({"key": "0x" + "ab12" * 16, "word": "a-secret-of-some-length"})
    word = b"a-secret-of-some-length"
    for hidden in (word, word.hex().encode(), base64.b64encode(b"x" + word + b"yz")):
        assert secrets.in_bytes(b"some {" + hidden + b"} text") == {"word"}
    for hidden in (b"ab12" * 16, bytes.fromhex("ab12" * 16), b"AB12" * 16):
        assert secrets.in_bytes(b"--" + hidden) == {"key"}
    assert secrets.in_bytes(b"nothing") == set()
