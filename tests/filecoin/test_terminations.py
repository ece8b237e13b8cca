"""Ending data sets, with a real provider and chain."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest

from tests.filecoin.front import Forward
from tests.filecoin.onchain import Onchain
from tests.filecoin.small_server import HANG_UP, Reply, Request, as_json, text
from tests.filecoin.steps import committed, stored
from vibesflow.errors import (
    NotConfirmedYet,
    NotFound,
    ProviderBusy,
    ProviderDown,
    ProviderFault,
    ProviderRefused,
    TransactionFailed,
)
from vibesflow.filecoin import Committed, FilecoinClient
from vibesflow.filecoin.terminations import Termination

EPOCHS_OF_30_DAYS = 86_400


@pytest.fixture
async def one(client: FilecoinClient) -> Committed:
    return await committed(client, await stored(client))


def _says(world: Onchain, method: str, answer: Callable[[Request], Reply]) -> None:
    """Answer questions about an end in the provider's place."""

    async def disturb(request: Request, forward: Forward) -> Reply:
        ours = request.method == method and request.path.endswith("/terminate")
        return answer(request) if ours else await forward(request)

    world.fronts[0].disturb = disturb


async def _ended(client: FilecoinClient, seen: Termination) -> Termination:
    async with asyncio.timeout(20):
        while not seen.done:
            seen = await client.poll_termination(seen)
            await asyncio.sleep(0.05)
        return seen


async def _block(world: Onchain) -> int:
    return int(str(await world.node("eth_blockNumber")), 16)


async def test_both_sides_agree_and_the_service_ends_at_once(
    client: FilecoinClient, world: Onchain, one: Committed
) -> None:
    asked = await client.terminate(one.data_set_id)
    assert asked == Termination(one.data_set_id)
    ended = await _ended(client, asked)
    assert ended.end_epoch is not None
    assert ended.end_epoch <= await _block(world)
    again = await client.terminate(one.data_set_id)
    assert (again.done, again.end_epoch) == (True, ended.end_epoch)
    assert world.fronts[0].count("POST", "/terminate") == 1


async def test_the_transaction_is_known_while_it_is_under_way(
    client: FilecoinClient, world: Onchain, one: Committed
) -> None:
    await world.node("evm_setAutomine", False)
    try:
        seen = await client.terminate(one.data_set_id)
        async with asyncio.timeout(20):
            while not seen.tx_hash:
                seen = await client.poll_termination(seen)
                await asyncio.sleep(0.05)
        assert not seen.done
        assert (await client.terminate(one.data_set_id)).done is False
    finally:
        await world.node("evm_setAutomine", True)
        await world.node("evm_mine")
    ended = await _ended(client, seen)
    assert (ended.tx_hash, ended.done) == (seen.tx_hash, True)


async def test_the_wallet_ends_it_alone_and_the_service_runs_on_for_30_days(
    client: FilecoinClient, world: Onchain, one: Committed
) -> None:
    ended = await client.terminate_directly(one.data_set_id)
    assert ended.tx_hash.startswith("0x")
    assert ended.end_epoch is not None
    assert 0 <= ended.end_epoch - await _block(world) - EPOCHS_OF_30_DAYS + 100 <= 100
    assert (await client.terminate_directly(one.data_set_id)).end_epoch == ended.end_epoch
    assert await client.poll_termination(Termination(one.data_set_id)) == Termination(
        one.data_set_id, ended.end_epoch
    )
    assert world.fronts[0].count("POST", "/terminate") == 0


async def test_what_comes_after_goes_into_a_new_set(client: FilecoinClient, one: Committed) -> None:
    await _ended(client, await client.terminate(one.data_set_id))
    assert (await committed(client, await stored(client))).data_set_id != one.data_set_id


async def test_a_request_that_the_contracts_refuse_is_told(
    client: FilecoinClient, world: Onchain, one: Committed
) -> None:
    async with await world.open(await world.payer()) as stranger:
        seen = await stranger.terminate(one.data_set_id)
        with pytest.raises(TransactionFailed, match="discarded"):
            await _ended(stranger, seen)


async def test_a_transaction_that_failed_is_told(
    client: FilecoinClient, world: Onchain, one: Committed
) -> None:
    _says(world, "GET", lambda _: text(404, "No termination in progress"))
    with pytest.raises(TransactionFailed, match="0x12 failed"):
        await client.poll_termination(Termination(one.data_set_id, tx_hash="0x12"))


async def test_a_set_that_is_not_there(client: FilecoinClient) -> None:
    for ask in (client.terminate, client.terminate_directly):
        with pytest.raises(NotFound, match="data set 0"):
            await ask(0)


async def test_the_provider_may_know_the_end_before_our_node(
    client: FilecoinClient, world: Onchain, one: Committed
) -> None:
    done = {"code": 0, "message": "already terminated", "serviceTerminationEpoch": 77}
    _says(world, "POST", lambda _: as_json(done, 409))
    assert await client.terminate(one.data_set_id) == Termination(one.data_set_id, 77)
    queued = {"code": 1, "message": "queued", "serviceTerminationEpoch": None}
    _says(world, "POST", lambda _: as_json(queued, 409))
    assert await client.terminate(one.data_set_id) == Termination(one.data_set_id)


@pytest.mark.parametrize(
    ("reply", "error"),
    [
        (text(400, "extraData is required"), ProviderRefused),
        (text(404, "Data set not found"), NotConfirmedYet),
        (text(409, "conflict"), ProviderFault),
        (text(429, "slow down", retry_after="9"), ProviderBusy),
        (text(500, "out of breath"), ProviderDown),
        (text(503, "FWSS does not support it"), ProviderRefused),
        (HANG_UP, ProviderDown),
    ],
)
async def test_refusals(
    client: FilecoinClient, world: Onchain, one: Committed, reply: Reply, error: type[Exception]
) -> None:
    _says(world, "POST", lambda _: reply)
    with pytest.raises(error):
        await client.terminate(one.data_set_id)
