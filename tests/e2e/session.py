"""Streams of every kind, handed in as a session does it, with bytes that need not be audio."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import httpx

from vibesflow.ingest import ChunkOffer, Receiver
from vibesflow.stream.chunk import ChunkRef
from vibesflow.stream.ids import format_chunk_id
from workflows.client import StreamClient

START_MS = 1_763_829_000_000
LATER_MS = START_MS + 3_600_000


class Submitter:
    """Starts streams with a window of their own."""

    def __init__(self, client: StreamClient) -> None:
        self._client = client
        self.window_s: float | None = None

    async def submit(self, chunk: ChunkRef) -> None:
        await self._client.submit(chunk, window_s=self.window_s)


@dataclass
class Stream:
    """One stream and the ids of its chunks."""

    rta_id: str
    receiver: Receiver
    submitter: Submitter
    door: httpx.AsyncClient
    creator: str = "dj.near"
    chunk_ids: list[str] = field(default_factory=list)

    async def send(
        self,
        *sequences: int,
        final: int | None = None,
        session_ms: int = START_MS,
        producer: str = "",
        content: bytes | None = None,
        window_s: float | None = None,
    ) -> None:
        self.submitter.window_s = window_s
        for sequence in sequences:
            chunk_id = format_chunk_id(
                self.rta_id, sequence, session_ms + sequence * 60_000, is_final=sequence == final
            )
            offer = ChunkOffer(
                rta_id=self.rta_id,
                chunk_id=chunk_id,
                creator=self.creator,
                session_started_at_ms=session_ms,
                started_at_ms=session_ms + sequence * 60_000 + 7,
                producer=producer,
                participants=sequence + 1,
                duration_ms=60_000 - sequence,
                content_type="audio/ogg" if sequence == 1 else "audio/webm",
            )
            await self.receiver.receive(offer, _once(content or sound(chunk_id)))
            self.chunk_ids.append(chunk_id)

    async def status(self) -> dict[str, object]:
        answer = await self.door.get(f"/filecoin/status/{self.rta_id}")
        answer.raise_for_status()
        return dict(answer.json())

    async def until(self, *, completed: bool, uploaded: int, limit_s: float = 120) -> None:
        wanted = ("completed" if completed else "processing", uploaded)
        async with asyncio.timeout(limit_s):
            while True:
                status = await self.status()
                if (status["status"], status["uploadedChunks"]) == wanted:
                    return
                await asyncio.sleep(0.2)


def sound(name: str) -> bytes:
    return b"".join(hashlib.sha256(f"{name}{n}".encode()).digest() for n in range(40))


async def _once(content: bytes) -> AsyncIterator[bytes]:
    yield content
