"""A worker without the wallet's key: it archives a stream, and no key is seen anywhere."""

from __future__ import annotations

import asyncio
import os
import secrets
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest
from temporalio.client import Client

from starter.session import StreamingSession
from tests.filecoin.onchain import Onchain, onchain
from tests.fixtures.temporal import start_local
from vibesflow.filecoin import Signer
from vibesflow.filecoin.permissions import UPLOADING
from vibesflow.ingest import Receiver
from vibesflow.ledger import DynamoLedger, create_tables
from vibesflow.settings import StagingSettings, StreamSettings, TableSettings, TemporalSettings
from vibesflow.staging import open_staging
from workflows.client import StreamClient

WORKER = Path(__file__).parents[2] / "worker.py"
MOST_S = 120.0


@dataclass
class Archive:
    """A worker process with a session key that is not authorized yet, and what is around it.

    Attributes:
        key: the session key.
        wallet_key: the wallet's own, which the worker never had.
    """

    chain: Onchain
    temporal: Client
    address: str
    table: TableSettings
    folder: Path
    key: bytes
    wallet_key: bytes
    worker: subprocess.Popen[bytes] | None = None

    @property
    def log(self) -> Path:
        return self.folder / "worker.log"

    @property
    def staging(self) -> StagingSettings:
        return StagingSettings(url=(self.folder / "staging").as_uri())

    @property
    def payer(self) -> str:
        return Signer(self.wallet_key).address

    def start_worker(self) -> None:
        key_file = self.folder / "session.key"
        key_file.write_text(f"0x{self.key.hex()}\n")
        with self.log.open("ab") as log:
            self.worker = subprocess.Popen(  # noqa: S603 - our own program
                [sys.executable, str(WORKER)],
                env=_plain_environment()
                | {
                    "VIBESFLOW_TEMPORAL_ADDRESS": self.address,
                    "VIBESFLOW_TABLE_ENDPOINT": self.table.endpoint or "",
                    "VIBESFLOW_TABLE_METADATA_NAME": self.table.metadata_name,
                    "VIBESFLOW_TABLE_CHUNKS_NAME": self.table.chunks_name,
                    "VIBESFLOW_STAGING_URL": self.staging.url,
                    "VIBESFLOW_NETWORK": "devnet",
                    "VIBESFLOW_DEVNET_INFO": str(self.chain.export),
                    "VIBESFLOW_SESSION_KEY_FILE": str(key_file),
                    "VIBESFLOW_PAYER": self.payer,
                    "VIBESFLOW_COMMIT_LINGER_S": "0",
                    "VIBESFLOW_WORKER_METRICS_ADDRESS": "127.0.0.1:0",
                    "VIBESFLOW_WORKER_HEALTH_PORT": "0",
                    "VIBESFLOW_WORKER_GRACE_S": "5",
                },
                stdout=log,
                stderr=log,
            )

    def stop_worker(self) -> None:
        if self.worker is not None:
            self.worker.send_signal(signal.SIGTERM)
            self.worker.wait(60)

    async def authorize(self) -> None:
        wallet = await self.chain.open_key(self.wallet_key)
        async with wallet:
            await wallet.session_keys.authorize(
                Signer(self.key).address,
                UPLOADING,
                expires_s=int(time.time()) + 3600,
                origin="test",
            )

    async def histories(self) -> bytes:
        """Every event of every workflow there is."""
        written = b""
        async for found in self.temporal.list_workflows():
            handle = self.temporal.get_workflow_handle(found.id, run_id=found.run_id)
            for event in (await handle.fetch_history()).events:
                written += event.SerializeToString()
        return written


def _plain_environment() -> dict[str, str]:
    kept = {name: v for name, v in os.environ.items() if not name.startswith("VIBESFLOW_")}
    return kept | {"AWS_ACCESS_KEY_ID": "local", "AWS_SECRET_ACCESS_KEY": "local"}


@pytest.fixture
async def archive(table_settings: TableSettings, tmp_path: Path) -> AsyncIterator[Archive]:
    create_tables(table_settings)
    async with AsyncExitStack() as stack:
        env = await stack.enter_async_context(start_local())
        chain = await stack.enter_async_context(onchain(tmp_path))
        wallet = await chain.payer()
        made = Archive(
            chain,
            env.client,
            env.client.service_client.config.target_host,
            table_settings,
            tmp_path,
            secrets.token_bytes(32),
            bytes(wallet.key),
        )
        made.start_worker()
        stack.callback(made.stop_worker)
        yield made


async def test_a_stream_without_the_wallets_key(archive: Archive) -> None:
    live = await StreamClient.connect(TemporalSettings(address=archive.address), StreamSettings())
    session = StreamingSession(
        Receiver(open_staging(archive.staging), live, max_bytes=10**6), creator="dj"
    )
    for number in range(3):
        await session.send(secrets.token_bytes(500), duration_ms=1000, is_final=number == 2)
    ledger = DynamoLedger(archive.table)
    stored = await _until(lambda: live.status(session.rta_id), lambda s: s.stored == 3)
    assert stored.confirmed == 0
    waiting = await _until(lambda: live.status(session.rta_id), lambda s: bool(s.waiting_for))
    assert Signer(archive.key).address in (waiting.waiting_for or "")

    await archive.authorize()
    handle = archive.temporal.get_workflow_handle(f"rta:{session.rta_id}")
    async with asyncio.timeout(MOST_S):
        await handle.result()
    rows = await asyncio.to_thread(ledger.list_chunks, session.rta_id)
    assert [len(row.copies) for row in rows] == [2, 2, 2]
    assert len(await archive.chain.data_sets(archive.payer)) == 2
    assert await archive.chain.data_sets(Signer(archive.key).address) == []

    log = archive.log.read_text()
    assert "may not sign for" in log
    seen = (await archive.histories()) + log.encode() + repr(rows).encode()
    assert session.rta_id.encode() in seen
    for key in (archive.key, archive.wallet_key):
        assert key not in seen
        assert key.hex().encode() not in seen.lower()


async def _until(ask, holds):
    async with asyncio.timeout(MOST_S):
        while True:
            found = await ask()
            if found is not None and holds(found):
                return found
            await asyncio.sleep(0.2)
