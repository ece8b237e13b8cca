"""A client of the HTTP door as it exists in the wild, with real audio."""

from __future__ import annotations

import asyncio
import io
import time
from dataclasses import dataclass
from typing import Any

import httpx

from vibesflow.media import Decoder, cut_audio, encode_melody

CREATOR = "recorder.near"


@dataclass(frozen=True)
class Chunk:
    chunk_id: str
    started_at_ms: int
    duration_ms: int
    data: bytes


class Recorder:
    """One recording, cut and ready to be sent in any order, any number of times.

    Another length of the chunks makes other bytes: the tune is the same.
    """

    def __init__(
        self, door: httpx.AsyncClient, name: str, *, chunks: int, chunk_s: float = 1.0
    ) -> None:
        self._chunk_s = chunk_s
        self.started_at_ms = time.time_ns() // 1_000_000
        self.rta_id = f"rta_{self.started_at_ms}_{name}"
        self.chunks = self._record(chunks)
        self._door = door

    def _record(self, count: int) -> list[Chunk]:
        with Decoder(io.BytesIO(encode_melody(count * self._chunk_s)), name="melody") as decoder:
            cut = list(cut_audio(decoder, chunk_s=self._chunk_s))
        assert len(cut) == count
        return [
            Chunk(
                chunk_id=self.chunk_id(piece.index, is_final=piece.is_last),
                started_at_ms=self.started_at_ms + piece.offset_ms,
                duration_ms=piece.duration_ms,
                data=piece.data,
            )
            for piece in cut
        ]

    def chunk_id(self, sequence: int, *, is_final: bool = False) -> str:
        epoch_ms = self.started_at_ms + round(sequence * self._chunk_s * 1_000)
        return f"{self.rta_id}_chunk_{sequence:03d}_{epoch_ms}" + "_final" * is_final

    async def send(self, chunk: Chunk, *, data: bytes | None = None) -> httpx.Response:
        return await self._door.post(
            "/upload",
            content=chunk.data if data is None else data,
            headers={
                "Content-Type": "audio/webm",
                "X-Rta-Id": self.rta_id,
                "X-Chunk-Id": chunk.chunk_id,
                "X-Creator": CREATOR,
                "X-Start-Time": str(self.started_at_ms),
                "X-Chunk-Timestamp": str(chunk.started_at_ms),
                "X-Participant-Count": "2",
            },
        )

    async def status(self) -> dict[str, Any]:
        answer = await self._door.get(f"/filecoin/status/{self.rta_id}")
        answer.raise_for_status()
        status: dict[str, Any] = answer.json()
        return status

    async def listed(self) -> dict[str, Any] | None:
        answer = await self._door.get("/api/vibestreams", params={"creator": CREATOR})
        answer.raise_for_status()
        found = [item for item in answer.json() if item["rta_id"] == self.rta_id]
        return found[0] if found else None

    async def until_complete(self, *, limit_s: float = 90) -> dict[str, Any]:
        async with asyncio.timeout(limit_s):
            while True:
                status = await self.status()
                if status["status"] == "completed":
                    return status
                await asyncio.sleep(0.2)
