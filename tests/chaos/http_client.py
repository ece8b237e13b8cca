"""A client of the HTTP door as it exists in the wild: it sends until it is told "accepted"."""

from __future__ import annotations

import asyncio
import time
from itertools import count

import httpx

from tests.chaos.audio import StreamPlan, digest
from tests.chaos.dice import dice
from tests.chaos.journal import ACK, DONE, OFFER, REFUSED, Journal

_PAUSES_S = (0.2, 2.0)
_DOUBLES = 0.2
_AT_ONCE = 3
_TIMEOUT_S = 15.0


class HttpClient:
    """Streams one stream after another until it is told to stop, then ends the one it is at.

    Chunks overtake each other, and some are sent again although they were accepted.
    """

    def __init__(self, door_url: str, name: str, seed: int, journal: Journal) -> None:
        self._door = httpx.AsyncClient(base_url=door_url, timeout=_TIMEOUT_S, trust_env=False)
        self._name = name
        self._seed = seed
        self._journal = journal
        self._rng = dice(seed, f"{name}:pace")

    async def run(self, stop: asyncio.Event) -> None:
        async with self._door:
            for number in count():
                if stop.is_set():
                    return
                await self._stream(StreamPlan.of(self._seed, self._name, number), stop)

    async def _stream(self, plan: StreamPlan, stop: asyncio.Event) -> None:
        started_at_ms = time.time_ns() // 1_000_000
        sending: set[asyncio.Task[None]] = set()
        for index in range(plan.chunks):
            is_last = index == plan.chunks - 1 or stop.is_set()
            sent = self._send(plan, started_at_ms, index, is_final=is_last and plan.is_marked)
            sending.add(asyncio.create_task(sent))
            if is_last:
                break
            await asyncio.sleep(self._rng.uniform(*_PAUSES_S))
            if len(sending) >= _AT_ONCE:
                done, sending = await asyncio.wait(sending, return_when=asyncio.FIRST_COMPLETED)
                await asyncio.gather(*done)
        await asyncio.gather(*sending)
        self._journal.write(DONE, rta_id=plan.rta_id)

    async def _send(
        self, plan: StreamPlan, started_at_ms: int, index: int, *, is_final: bool
    ) -> None:
        data = plan.payload(index)
        at_ms = started_at_ms + sum(map(plan.duration_ms, range(index)))
        producer, sequence = plan.place(index)
        chunk_id = f"{plan.rta_id}_chunk_{sequence:03d}_{at_ms}" + "_final" * is_final
        headers = {
            "Content-Type": "audio/webm",
            "X-Rta-Id": plan.rta_id,
            "X-Chunk-Id": chunk_id,
            "X-Creator": plan.creator,
            "X-Start-Time": str(started_at_ms),
            "X-Chunk-Timestamp": str(at_ms),
            "X-Participant-Count": "2",
            **({"X-Producer": producer} if producer else {}),
        }
        facts = {
            "rta_id": plan.rta_id,
            "chunk_id": chunk_id,
            "sha256": digest(data),
            "size": len(data),
        }
        self._journal.write(OFFER, **facts)
        for _ in range(2 if self._rng.random() < _DOUBLES else 1):
            if refusal := await self._until_answered(data, headers):
                self._journal.write(REFUSED, **facts, answer=refusal)
                return
            self._journal.write(ACK, **facts)

    async def _until_answered(self, data: bytes, headers: dict[str, str]) -> str:
        """Return "" once the chunk is accepted, or why it never will be."""
        for attempt in count():
            try:
                answer = await self._door.post("/upload", content=data, headers=headers)
            except httpx.TransportError:
                pass
            else:
                if answer.status_code == httpx.codes.ACCEPTED:
                    return ""
                if answer.status_code < 500 and answer.status_code not in {408, 429}:
                    return f"{answer.status_code} {answer.text[:200]}"
            await asyncio.sleep(min(2.0, 0.25 * 1.5**attempt))
        raise AssertionError
