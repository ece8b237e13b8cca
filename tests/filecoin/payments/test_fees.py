"""What 200 chunks of 20 streams cost, read from the chain and held against the price list.

Workflows, activities, providers, contracts and payments are the real ones; only the linger's
time is skipped.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from itertools import groupby
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from temporalio.testing import WorkflowEnvironment
from web3.contract import Contract

from tests.filecoin.onchain import Onchain
from tests.stream.chunks import make_chunk
from tests.workflows.harness import StreamHarness
from vibesflow.filecoin import FilecoinClient, PieceCid
from vibesflow.filecoin.payments.costs import Addition, Costs, costs_of
from vibesflow.filecoin.payments.prices import PriceList, billed_bytes, leaves_of
from vibesflow.filecoin.payments.units import ATTO
from vibesflow.settings import FilecoinSettings

COPIES = 2
STREAMS, CHUNKS = 20, 10
MOST_COMMITS = COPIES * (STREAMS * CHUNKS // 40) + 4
DEPOSIT = 100

pytestmark = pytest.mark.timeout(300)


@pytest.fixture
async def streams(
    client: FilecoinClient, skipped_time: WorkflowEnvironment, tmp_path: Path
) -> AsyncIterator[StreamHarness]:
    """Workers whose Filecoin is the chain and the providers of this machine."""
    harness = StreamHarness(skipped_time, tmp_path)
    harness.filecoin = client  # type: ignore[assignment]  # the real one in place of the fake
    harness.copies = COPIES
    harness.linger_s = FilecoinSettings.model_fields["commit_linger_s"].default
    async with harness.worker():
        yield harness


async def test_the_fees_on_chain_are_those_of_the_price_list(
    world: Onchain, client: FilecoinClient, streams: StreamHarness
) -> None:
    await live(streams, [f"rta_fees_{uuid4().hex[:8]}_{n}" for n in range(STREAMS)])

    sets = await world.data_sets(client.payer)
    assert len(sets) == COPIES
    commits = {one: await commits_of(world, one) for one in sets}
    assert sum(map(len, commits.values())) <= MOST_COMMITS
    for added in commits.values():
        assert len({cid for batch in added for cid in batch}) == sum(map(len, added))
        assert sum(map(len, added)) == STREAMS * (CHUNKS + 1)  # and a document each

    prices = await client.payments._reader.prices()
    expected = [costs_of_commits(prices, added) for added in commits.values()]
    fees = sum(costs.fees for each in expected for costs in each)
    wallet = await client.wallet()
    once, for_storage = await paid(world, sets)
    assert once == fees
    assert DEPOSIT * ATTO - wallet.balance.funds == fees + for_storage
    rate = sum(costs.rate_per_epoch for each in expected for costs in each)
    assert wallet.balance.rate_per_epoch == rate
    for data_set_id, each in zip(sets, expected, strict=True):
        pending, reserve = (await view_of(world, data_set_id))[10:12]
        assert pending == 0
        left = prices.lifecycle_reserve - sum(costs.fees for costs in each)
        assert (reserve == left) or (left < prices.replenish_threshold <= reserve)


async def live(streams: StreamHarness, ids: list[str]) -> None:
    """Record every stream to its end, all of them at once."""
    chunks = [make_chunk(n, rta_id=i, final=n == CHUNKS - 1) for n in range(CHUNKS) for i in ids]
    for start in range(0, len(chunks), 40):
        await asyncio.gather(*(streams.submit(chunk) for chunk in chunks[start : start + 40]))
    for stream in ids:
        await streams.result(stream)
        assert streams.record(stream).uploaded == CHUNKS


def costs_of_commits(prices: PriceList, commits: list[list[PieceCid]]) -> list[Costs]:
    """Price each AddPieces of one data set, in their order, as a quote would."""
    costs, leaves = [], 0
    for number, cids in enumerate(commits):
        before = billed_bytes(leaves) if number else None
        leaves += sum(leaves_of(cid.raw_size) for cid in cids)
        addition = Addition(before, billed_bytes(leaves), len(cids))
        costs.append(costs_of(prices, [addition]))
    return costs


async def commits_of(world: Onchain, data_set_id: int) -> list[list[PieceCid]]:
    """The pieces of each AddPieces that a data set has seen."""
    verifier = world.chain.contract("PDPVerifier", world.places.pdp_verifier)
    found = await logs(verifier, "PiecesAdded", {"setId": data_set_id})
    batches = groupby(found, key=lambda log: log["transactionHash"])
    return [
        [PieceCid.from_bytes(cid["data"]) for log in batch for cid in log["args"]["pieceCids"]]
        for _, batch in batches
    ]


async def paid(world: Onchain, data_set_ids: list[int]) -> tuple[int, int]:
    """What the data sets' rails paid once, fees of the network included, and by the epoch."""
    pay = world.chain.contract("FilecoinPayV1", world.places.pay)
    rails = {"railId": [(await view_of(world, one))[0] for one in data_set_ids]}
    once = await logs(pay, "RailOneTimePaymentProcessed", rails)
    parts = ("netPayeeAmount", "operatorCommission", "networkFee")
    settled = await logs(pay, "RailSettled", rails)
    return (
        sum(log["args"][part] for log in once for part in parts),
        sum(log["args"]["totalSettledAmount"] for log in settled),
    )


async def view_of(world: Onchain, data_set_id: int) -> tuple[Any, ...]:
    view = world.chain.contract("FilecoinWarmStorageServiceStateView", world.places.state_view)
    function = view.functions.getDataSet(data_set_id)
    return tuple(await asyncio.to_thread(world.chain.read, function))


async def logs(contract: Contract, event: str, filters: dict[str, Any]) -> list[Any]:
    ask = contract.events[event]().get_logs
    return list(await asyncio.to_thread(ask, from_block=0, argument_filters=filters))
