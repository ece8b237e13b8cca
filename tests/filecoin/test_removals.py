"""Removing pieces, with a real provider and chain."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable

import pytest

from tests.filecoin.front import Forward
from tests.filecoin.onchain import Onchain
from tests.filecoin.small_server import HANG_UP, Reply, Request, as_json, text
from tests.filecoin.steps import committed, stored
from vibesflow.errors import (
    CommitUnknown,
    ContractReverted,
    InvalidInput,
    NotConfirmedYet,
    NotFound,
    ProviderBusy,
    ProviderRefused,
)
from vibesflow.filecoin import Committed, FilecoinClient
from vibesflow.filecoin.removals import MAX_REMOVALS, PieceState, Removal


@pytest.fixture
async def three(client: FilecoinClient) -> Committed:
    return await committed(client, await stored(client, 3))


def _says(world: Onchain, answer: Callable[[Request], Reply]) -> None:
    """Answer removals in the provider's place."""

    async def disturb(request: Request, forward: Forward) -> Reply:
        return answer(request) if request.method == "DELETE" else await forward(request)

    world.fronts[0].disturb = disturb


async def _gone(client: FilecoinClient, data_set_id: int, *piece_ids: int) -> None:
    async with asyncio.timeout(20):
        while True:
            states = await client.piece_states(data_set_id, piece_ids)
            if PieceState.HELD not in states.values():
                return
            await asyncio.sleep(0.05)


async def test_pieces_go_and_the_others_stay(
    client: FilecoinClient, world: Onchain, three: Committed
) -> None:
    at = three.data_set_id
    done = await client.remove_pieces(at, [2, 0, 2])
    assert done.piece_ids == (2, 0)
    assert done.tx_hash.startswith("0x")
    (asked,) = (one for one in world.fronts[0].server.seen if one.method == "DELETE")
    assert asked.path == f"/pdp/data-sets/{at}/pieces/2"
    assert json.loads(asked.body)["pieceIds"] == [2, 0]
    await _gone(client, at, 0, 2)
    assert await client.piece_states(at, [0, 1, 2, 7]) == {
        0: PieceState.REMOVED,
        1: PieceState.HELD,
        2: PieceState.REMOVED,
        7: PieceState.REMOVED,
    }
    assert await world.active_pieces(at) == 1


async def test_what_is_gone_is_not_asked_for_again(
    client: FilecoinClient, world: Onchain, three: Committed
) -> None:
    at = three.data_set_id
    await client.remove_pieces(at, [1])
    await _gone(client, at, 1)
    assert await client.remove_pieces(at, [1]) == Removal((), "")
    assert (await client.remove_pieces(at, [0, 1])).piece_ids == (0,)
    assert world.fronts[0].count("DELETE", "") == 2


async def test_a_lost_answer_and_the_same_again(
    client: FilecoinClient, world: Onchain, three: Committed
) -> None:
    async def loses(request: Request, forward: Forward) -> Reply:
        reply = await forward(request)
        return HANG_UP if request.method == "DELETE" else reply

    world.fronts[0].disturb = loses
    with pytest.raises(CommitUnknown):
        await client.remove_pieces(three.data_set_id, [0])
    world.fronts[0].calm()
    await _gone(client, three.data_set_id, 0)
    assert await client.remove_pieces(three.data_set_id, [0]) == Removal((), "")


async def test_scheduled_pieces_are_neither_held_nor_gone(
    client: FilecoinClient, three: Committed, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On this chain removals take effect at once, so the queue is put in its place."""

    async def scheduled(_self: object, _data_set_id: int) -> frozenset[int]:
        return frozenset({1, 9})

    monkeypatch.setattr("vibesflow.filecoin.chain.Chain.scheduled_removals", scheduled)
    states = await client.piece_states(three.data_set_id, [0, 1, 9])
    assert list(states.values()) == [PieceState.HELD, PieceState.SCHEDULED, PieceState.REMOVED]
    assert (await client.remove_pieces(three.data_set_id, [0, 1])).piece_ids == (0,)


@pytest.mark.parametrize("piece_ids", [(), tuple(range(MAX_REMOVALS + 1))])
async def test_too_few_or_too_many(client: FilecoinClient, piece_ids: tuple[int, ...]) -> None:
    with pytest.raises(InvalidInput, match="1 to 35"):
        await client.remove_pieces(1, piece_ids)


async def test_as_many_as_are_allowed(client: FilecoinClient, world: Onchain) -> None:
    many = await committed(client, await stored(client, MAX_REMOVALS))
    done = await client.remove_pieces(many.data_set_id, many.piece_ids)
    assert done.piece_ids == many.piece_ids
    await _gone(client, many.data_set_id, *many.piece_ids)
    assert await world.active_pieces(many.data_set_id) == 0


async def test_a_set_of_somebody_else(world: Onchain, three: Committed) -> None:
    async with await world.open(await world.payer()) as stranger:
        with pytest.raises(ContractReverted, match="InvalidSignature"):
            await stranger.remove_pieces(three.data_set_id, [0])


async def test_a_set_that_is_not_there(client: FilecoinClient) -> None:
    with pytest.raises(NotConfirmedYet, match="999999"):
        await client.remove_pieces(999_999, [0])
    with pytest.raises(NotFound, match="data set 0"):
        await client.remove_pieces(0, [0])


@pytest.mark.parametrize(
    ("reply", "error"),
    [
        (text(429, "Too many removals are queued", retry_after="300"), ProviderBusy),
        (text(400, "bad extraData"), ProviderRefused),
        (text(404, "Piece not found: 0"), NotConfirmedYet),
        (text(500, "Failed to send transaction"), CommitUnknown),
        (text(500, "vm error=[0x5d946944]"), ContractReverted),
        (as_json({"txHash": "0x12"}), CommitUnknown),
        (as_json([]), CommitUnknown),
        (text(200, "done"), CommitUnknown),
    ],
)
async def test_refusals(
    client: FilecoinClient,
    world: Onchain,
    three: Committed,
    reply: Reply,
    error: type[Exception],
) -> None:
    _says(world, lambda _: reply)
    with pytest.raises(error):
        await client.remove_pieces(three.data_set_id, [0])
