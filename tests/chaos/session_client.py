"""A streaming session in a process of its own, which dies often and goes on where it was.

After a death it begins a new session of the same stream, at sequence 0, and hands in what was not
acknowledged.
"""

from __future__ import annotations

import asyncio
import sys
from collections import defaultdict
from functools import partial
from itertools import count
from pathlib import Path

from starter.session import StreamingSession
from tests.chaos.audio import StreamPlan, digest
from tests.chaos.dice import dice
from tests.chaos.journal import ACK, DONE, OFFER, Journal, read_journal
from tests.chaos.points import Tripwire
from tests.chaos.stepped import stepped_receiver
from vibesflow.errors import DependencyDown
from vibesflow.ingest import Receiver
from vibesflow.settings import Settings, load_settings
from vibesflow.staging import open_staging
from workflows.client import StreamClient

_PAUSES_S = (0.1, 1.2)
_PATIENCE_S = 900.0


class SessionClient:
    """Streams one stream after another; what it has done is in its journal."""

    def __init__(self, name: str, seed: int, journal: Path, stop: Path) -> None:
        self._name = name
        self._seed = seed
        self._journal = Journal(journal)
        self._stop = stop
        self._rng = dice(seed, f"{name}:pace")
        self._acked: dict[str, set[int]] = defaultdict(set)
        self._done: set[str] = set()
        for line in read_journal(journal):
            if line["kind"] == ACK:
                self._acked[line["rta_id"]].add(line["index"])
            elif line["kind"] == DONE:
                self._done.add(line["rta_id"])

    async def run(self, receiver: Receiver) -> None:
        for number in count():
            plan = StreamPlan.of(self._seed, self._name, number)
            if plan.rta_id in self._done:
                continue
            if self._stop.exists() and not self._acked[plan.rta_id]:
                return
            await self._stream(receiver, plan)

    async def _stream(self, receiver: Receiver, plan: StreamPlan) -> None:
        acked = self._acked[plan.rta_id]
        session = StreamingSession(
            receiver, creator=plan.creator, rta_id=plan.rta_id, patience_s=_PATIENCE_S
        )
        for index in range(plan.chunks):
            if index in acked:
                continue
            if self._stop.exists() and acked:
                break
            await self._send(session, plan, index)
            await asyncio.sleep(self._rng.uniform(*_PAUSES_S))
        self._journal.write(DONE, rta_id=plan.rta_id)

    async def _send(self, session: StreamingSession, plan: StreamPlan, index: int) -> None:
        data = plan.payload(index)
        facts = {
            "rta_id": plan.rta_id,
            "sha256": digest(data),
            "size": len(data),
            "index": index,
        }
        self._journal.write(OFFER, **facts)
        receipt = await session.send(
            data,
            duration_ms=plan.duration_ms(index),
            is_final=index == plan.chunks - 1 and plan.is_marked,
        )
        self._journal.write(ACK, **facts, chunk_id=receipt.chunk.chunk_id)
        self._acked[plan.rta_id].add(index)


async def _connected(settings: Settings) -> StreamClient:
    while True:
        try:
            return await StreamClient.connect(settings.temporal, settings.stream)
        except DependencyDown:
            await asyncio.sleep(0.5)


async def _main(client: SessionClient, orders: Path) -> None:
    settings = load_settings()
    streams = await _connected(settings)
    receiver_of = partial(Receiver, max_bytes=settings.api.max_chunk_bytes)
    wire = Tripwire(orders, "client")
    await client.run(stepped_receiver(receiver_of, open_staging(settings.staging), streams, wire))


if __name__ == "__main__":
    name, seed, journal, orders, stop = sys.argv[1:]
    asyncio.run(_main(SessionClient(name, int(seed), Path(journal), Path(stop)), Path(orders)))
