"""A running door on a free port: real staging, real table, streams in memory."""

from __future__ import annotations

import asyncio
import base64
import socket
import time
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import httpx
from fastapi import FastAPI

from api.app import create_app
from api.paying import WalletWatch
from api.server import address_of, door_server, listen
from api.services import NetworkFacts, Services
from devnet.probes import PLAIN_HTTP
from tests.fakes.streams import FakeStreams
from tests.samples import CREATOR, RTA, T0_MS, chunk_id_of
from vibesflow.access import Admission
from vibesflow.filecoin.reading.holders import Holder, LoadHolders
from vibesflow.filecoin.reading.reader import PieceReader
from vibesflow.ingest import Receiver
from vibesflow.ledger import DynamoLedger
from vibesflow.ledger.port import Ledger
from vibesflow.query import StreamReader
from vibesflow.settings import AccessSettings, ApiSettings, ReadSettings, TableSettings
from vibesflow.staging.files import FileStaging
from vibesflow.stream.document import details_of
from vibesflow.stream.ids import parse_chunk_id
from vibesflow.stream.records import (
    ChunkRow,
    Completion,
    RowWrite,
    StreamOpening,
    StreamRecord,
)

NOW = datetime(2024, 4, 6, 7, 0, tzinfo=UTC)
WALLET = "0xedD801D6c993B3c8052e485825A725ee09F1ff4D"
NETWORK = NetworkFacts(name="devnet", wallet=WALLET, warm_storage="0x" + "5" * 40)
AUDIO = bytes(index % 251 for index in range(5_000))


def headers_of(chunk_id: str, **changes: str | None) -> dict[str, str]:
    """What the existing client sends; a change of None leaves a header out."""
    parsed = parse_chunk_id(chunk_id)
    said = {
        "X-Rta-Id": parsed.rta_id,
        "X-Chunk-Id": chunk_id,
        "X-Creator": CREATOR,
        "X-Start-Time": str(T0_MS),
        "X-Chunk-Timestamp": str(parsed.epoch_ms),
        "X-Participant-Count": "3",
        "X-Is-Final": "false",
    }
    said |= {name.replace("_", "-"): value for name, value in changes.items()}
    return {name: value for name, value in said.items() if value is not None}


@dataclass
class Door:
    url: str
    client: httpx.AsyncClient
    app: FastAPI
    services: Services
    streams: FakeStreams
    staging: FileStaging
    staging_folder: Path
    ledger: Ledger

    @property
    def address(self) -> tuple[str, int]:
        url = httpx.URL(self.url)
        return url.host, url.port or 0

    async def send_raw(
        self, chunk_id: str | None = None, audio: bytes = AUDIO, **changes: str | None
    ) -> httpx.Response:
        said = {"Content-Type": "audio/webm", **headers_of(chunk_id or chunk_id_of(0), **changes)}
        utf8 = {name: value.encode() for name, value in said.items()}
        return await self.client.post("/upload", content=audio, headers=utf8)

    async def send_json(
        self,
        chunk_id: str | None = None,
        audio: bytes = AUDIO,
        *,
        metadata: object = None,
        is_final: bool = False,
        **changes: str | None,
    ) -> httpx.Response:
        chunk_id = chunk_id or chunk_id_of(0)
        body = {
            "chunkId": chunk_id,
            "rtaId": RTA,
            "audioData": base64.b64encode(audio).decode(),
            "metadata": {"audioFormat": "webm-opus"} if metadata is None else metadata,
            "isFinalChunk": is_final,
        }
        return await self.client.post("/upload", json=body, headers=headers_of(chunk_id, **changes))

    async def staged(self) -> list[str]:
        keys = self.staging.keys()
        return [key async for key in keys]

    async def assert_untouched(self) -> None:
        """Nothing staged, not even half a file; nothing signalled; nothing written."""
        assert await self.staged() == []
        incoming = self.staging_folder / ".incoming"
        assert not incoming.exists() or list(incoming.iterdir()) == []
        assert self.streams.submitted == []
        assert await asyncio.to_thread(self.ledger.get_stream, RTA) is None

    async def write_rows(
        self,
        rows: Iterable[ChunkRow],
        *,
        rta_id: str = RTA,
        opened_at: str,
        creator: str = CREATOR,
    ) -> None:
        """Write rows as the worker does."""
        opening = StreamOpening(rta_id=rta_id, creator=creator, opened_at=opened_at)
        writes = [RowWrite(row=row) for row in rows]
        await asyncio.to_thread(self.ledger.open_stream, opening)
        await asyncio.to_thread(self.ledger.settle_rows, rta_id, writes)

    async def complete(
        self,
        rows: list[ChunkRow],
        *,
        rta_id: str = RTA,
        at: str,
        opened_at: str,
        creator: str = CREATOR,
    ) -> StreamRecord:
        """Write rows and complete the stream with them, as the worker does."""
        await self.write_rows(rows, rta_id=rta_id, opened_at=opened_at, creator=creator)
        return await asyncio.to_thread(self._complete, rows, rta_id, at)

    def _complete(self, rows: list[ChunkRow], rta_id: str, at: str) -> StreamRecord:
        record = self.ledger.get_stream(rta_id)
        assert record is not None
        completion = Completion(
            rta_id=rta_id,
            version=record.document_version + 1,
            rev=record.rev,
            metadata_cid="bafkzcibdocument",
            completed_at=at,
            details=details_of(rows),
            data_set_id="7",
            storage_provider="0x" + "b" * 40,
        )
        return self.ledger.complete_stream(completion)


async def nobody() -> tuple[Holder, ...]:
    """Providers of a network that has none."""
    return ()


def unreachable_ledger() -> DynamoLedger:
    """A table on a port where nobody listens."""
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        port = nobody.getsockname()[1]
    return DynamoLedger(TableSettings(endpoint=f"http://127.0.0.1:{port}"))


@asynccontextmanager
async def serving(services: Services) -> AsyncIterator[tuple[str, FastAPI]]:
    """Serve on a free port; yield the address and the application."""
    app = create_app(services)
    listener = listen(services.settings)
    server = door_server(app, services.settings)
    url = address_of(listener)
    task = asyncio.create_task(server.serve(sockets=[listener]))
    try:
        while not server.started:
            await asyncio.sleep(0.005)
            assert not task.done(), task
        yield url, app
    finally:
        server.stop()
        await task


@asynccontextmanager
async def open_door(
    ledger: Ledger,
    folder: Path,
    *,
    network: NetworkFacts = NETWORK,
    streams: FakeStreams | None = None,
    holders: LoadHolders = nobody,
    read: ReadSettings | None = None,
    wallet: WalletWatch | None = None,
    access: AccessSettings | None = None,
    wall_clock: Callable[[], float] = time.time,
    ipfs_gateway: str | None = None,
    **settings: object,
) -> AsyncIterator[Door]:
    """Open a door with settings that differ from the defaults as said."""
    api = ApiSettings.model_validate({"port": 0, "grace_s": 5, **settings})
    streams, staging = streams or FakeStreams(), FileStaging(folder)
    pieces = PieceReader(read or ReadSettings(), holders, ipfs_gateway=ipfs_gateway)
    services = Services(
        receiver=Receiver(staging, streams, max_bytes=api.max_chunk_bytes),
        reader=StreamReader(ledger, streams, threads=4),
        live=streams,
        staging=staging,
        network=network,
        settings=api,
        pieces=pieces,
        admission=Admission(access or AccessSettings(), api, wall_clock=wall_clock),
        wallet=wallet or WalletWatch(),
        clock=lambda: NOW,
    )
    async with (
        serving(services) as (url, app),
        httpx.AsyncClient(base_url=url, timeout=60, trust_env=False, verify=PLAIN_HTTP) as client,
    ):
        try:
            yield Door(url, client, app, services, streams, staging, folder, ledger)
        finally:
            services.reader.close()
            await pieces.close()
