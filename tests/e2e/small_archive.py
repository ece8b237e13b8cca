"""An archive of its own: chain, two providers, Temporal, a worker and the API; own tables."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx

from devnet.ports import free_port
from tests.e2e.session import Stream, Submitter
from tests.filecoin.onchain import onchain
from tests.fixtures.temporal import start_local
from vibesflow.ingest import Receiver
from vibesflow.ledger import create_tables
from vibesflow.settings import StagingSettings, StreamSettings, TableSettings, TemporalSettings
from vibesflow.staging import open_staging
from workflows.client import StreamClient

ROOT = Path(__file__).parents[2]
_STARTS_WITHIN_S = 120.0


@dataclass
class SmallArchive:
    """What runs, and the streams that were made."""

    folder: Path
    payer: str
    environment: dict[str, str]
    door: httpx.AsyncClient
    live: StreamClient
    staging: StagingSettings
    streams: dict[str, Stream] = field(default_factory=dict)

    def stream(self, name: str, creator: str = "dj.near") -> Stream:
        submitter = Submitter(self.live)
        receiver = Receiver(open_staging(self.staging), submitter, max_bytes=10**6)
        made = Stream(f"rta_1763829000000_{name}", receiver, submitter, self.door, creator)
        self.streams[name] = made
        return made

    async def until_ended(self, stream: Stream) -> None:
        """A stream that has nothing outstanding ends; its document is on chain then."""
        async with asyncio.timeout(_STARTS_WITHIN_S):
            while await self.live.is_running(stream.rta_id):
                await asyncio.sleep(0.1)


@asynccontextmanager
async def small_archive(folder: Path, table: TableSettings) -> AsyncIterator[SmallArchive]:
    create_tables(table)
    async with AsyncExitStack() as stack:
        temporal = await stack.enter_async_context(start_local())
        chain = await stack.enter_async_context(onchain(folder))
        wallet = await chain.payer()
        address = temporal.client.service_client.config.target_host
        staging = StagingSettings(url=(folder / "staging").as_uri())
        port = free_port()
        environment = _environment() | {
            "VIBESFLOW_TEMPORAL_ADDRESS": address,
            "VIBESFLOW_TABLE_ENDPOINT": table.endpoint or "",
            "VIBESFLOW_TABLE_METADATA_NAME": table.metadata_name,
            "VIBESFLOW_TABLE_CHUNKS_NAME": table.chunks_name,
            "VIBESFLOW_STAGING_URL": staging.url,
            "VIBESFLOW_NETWORK": "devnet",
            "VIBESFLOW_DEVNET_INFO": str(chain.export),
            "VIBESFLOW_PAYER": str(wallet.address),
            "VIBESFLOW_COMMIT_LINGER_S": "1",
            "VIBESFLOW_API_PORT": str(port),
            "VIBESFLOW_WORKER_METRICS_ADDRESS": "127.0.0.1:0",
            "VIBESFLOW_WORKER_HEALTH_PORT": "0",
            "VIBESFLOW_WORKER_GRACE_S": "5",
        }
        key = {"VIBESFLOW_PRIVATE_KEY": "0x" + bytes(wallet.key).hex()}
        _start(stack, [str(ROOT / "worker.py")], environment | key, folder / "worker.log")
        api = _start(stack, ["-m", "api"], environment, folder / "api.log")
        door = await stack.enter_async_context(
            httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=30, trust_env=False)
        )
        await _until_alive(door, api, folder / "api.log")
        live = await StreamClient.connect(TemporalSettings(address=address), StreamSettings())
        yield SmallArchive(folder, str(wallet.address), environment, door, live, staging)


def _start(
    stack: AsyncExitStack, arguments: list[str], environment: dict[str, str], log: Path
) -> subprocess.Popen[bytes]:
    with log.open("wb") as output:
        process = subprocess.Popen(  # noqa: S603 - our own programs
            [sys.executable, *arguments], env=environment, stdout=output, stderr=output, cwd=ROOT
        )
    stack.callback(process.wait, 60)
    stack.callback(process.terminate)
    return process


async def _until_alive(
    door: httpx.AsyncClient, process: subprocess.Popen[bytes], log: Path
) -> None:
    async with asyncio.timeout(_STARTS_WITHIN_S):
        while True:
            assert process.poll() is None, log.read_text()
            try:
                if (await door.get("/livez")).status_code == 200:
                    return
            except httpx.TransportError:
                await asyncio.sleep(0.1)


def _environment() -> dict[str, str]:
    kept = {name: v for name, v in os.environ.items() if not name.startswith("VIBESFLOW_")}
    return kept | {"AWS_ACCESS_KEY_ID": "000000000000", "AWS_SECRET_ACCESS_KEY": "local"}
