"""One creator's flood does not hold up another's chunks: counted in turns, not in time."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
import pytest_asyncio
from temporalio import activity, workflow
from temporalio.testing import WorkflowEnvironment
from temporalio.worker import Worker

with workflow.unsafe.imports_passed_through():
    from activities.messages import StoreChunk
    from devnet.temporal import FAIRNESS
    from tests.fixtures.temporal import start_local
    from tests.stream.chunks import make_chunk
    from vibesflow.stream.placement import Copy, StoredPiece
    from workflows.fairness import LONGEST_KEY_BYTES, priority_of
    from workflows.messages import FILECOIN_QUEUE
    from workflows.policies import STORE_CHUNK

FLOOD, FEW = 60, 4

_ONE_PARTITION = tuple(
    ("--dynamic-config-value", f"matching.numTaskqueue{side}Partitions=1")
    for side in ("Read", "Write")
)
"""Turns are kept within a partition; which of several is asked next is left to chance."""


@workflow.defn
class Stores:
    """Has chunks of one creator stored, all at once."""

    @workflow.run
    async def run(self, creator: str, count: int) -> None:
        chunks = [make_chunk(n).model_copy(update={"creator": creator}) for n in range(count)]
        await asyncio.gather(
            *(STORE_CHUNK(StoreChunk(chunk=chunk), summary=creator) for chunk in chunks)
        )


@pytest_asyncio.fixture
async def fair_env() -> AsyncIterator[WorkflowEnvironment]:
    async with start_local(
        *(word for flag in (*FAIRNESS, *_ONE_PARTITION) for word in flag)
    ) as env:
        yield env


@asynccontextmanager
async def storing(env: WorkflowEnvironment, order: list[str]) -> AsyncIterator[None]:
    """One upload slot; notes whose chunk is stored when."""

    @activity.defn(name=STORE_CHUNK.name)
    async def store_chunk(request: StoreChunk) -> StoredPiece:
        order.append(request.chunk.creator)
        return StoredPiece(piece_cid="bafk", copies=[Copy(provider_id=1, base_url="http://p")])

    async with Worker(
        env.client,
        task_queue=FILECOIN_QUEUE,
        activities=[store_chunk],
        max_concurrent_activities=1,
        max_concurrent_activity_task_polls=1,
    ):
        yield


async def all_scheduled(handle, count: int) -> None:
    async with asyncio.timeout(60):
        while len((await handle.describe()).raw_description.pending_activities) < count:
            await asyncio.sleep(0.05)


async def test_a_flood_does_not_delay_another_creator(fair_env):
    order: list[str] = []
    async with Worker(fair_env.client, task_queue="turns", workflows=[Stores]):
        start = fair_env.client.start_workflow
        flood = await start(Stores.run, args=["flood", FLOOD], id="flood", task_queue="turns")
        await all_scheduled(flood, FLOOD)
        few = await start(Stores.run, args=["few", FEW], id="few", task_queue="turns")
        await all_scheduled(few, FEW)
        async with storing(fair_env, order):
            await asyncio.gather(flood.result(), few.result())
    assert (order.count("flood"), order.count("few")) == (FLOOD, FEW)
    last = max(turn for turn, creator in enumerate(order) if creator == "few")
    # In turns the last of four comes eighth; some were handed out before the others came. First
    # come, first served would make it the 64th.
    assert last < FLOOD / 2, order


@pytest.mark.parametrize("creator", ["c", "\u00e9" * 32, "\u00e9" * 128, "c" * 128])
def test_any_creator_has_a_key_that_the_server_takes(creator):
    key = priority_of(creator).fairness_key
    assert key is not None
    assert 0 < len(key.encode()) <= LONGEST_KEY_BYTES
    assert key != priority_of(creator + "x").fairness_key


def test_nobody_has_no_key():
    assert priority_of("").fairness_key is None
