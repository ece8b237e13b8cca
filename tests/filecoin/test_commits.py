"""Committing on a real chain: at most once a nonce, whatever gets lost."""

from __future__ import annotations

import asyncio
import secrets
from dataclasses import replace

import pytest

from tests.filecoin.front import Forward
from tests.filecoin.onchain import Onchain
from tests.filecoin.small_server import HANG_UP, Reply, Request
from tests.filecoin.steps import committed, confirmed, provider_of, request_for, stored
from vibesflow.errors import (
    CommitUnknown,
    InsufficientFunds,
    NoProvider,
    NotConfirmedYet,
    TransactionFailed,
)
from vibesflow.filecoin import CommitRequest, FilecoinClient, Landed, PieceToAdd, Submitted


async def test_the_first_commit_creates_the_set_and_the_second_reuses_it(
    client: FilecoinClient, world: Onchain
) -> None:
    request = await request_for(client, await stored(client, 2))
    assert await client.look(request) is None
    submitted = await client.submit(request)
    assert submitted.data_set_id is None
    first = await confirmed(client, request, submitted)
    assert first.piece_ids == (0, 1)
    assert first.tx_hash == submitted.tx_hash

    again = await request_for(client, await stored(client))
    resubmitted = await client.submit(again)
    assert resubmitted.data_set_id == first.data_set_id
    second = await confirmed(client, again, resubmitted)
    assert (second.data_set_id, second.piece_ids) == (first.data_set_id, (2,))
    assert await world.data_sets(client.payer) == [first.data_set_id]


async def test_the_provider_is_paid_where_it_wants_to_be(
    client: FilecoinClient, world: Onchain
) -> None:
    done = await committed(client, await stored(client, name="two"), name="two")
    assert await world.active_pieces(done.data_set_id) == 1


async def test_piece_metadata_go_on_chain(client: FilecoinClient, world: Onchain) -> None:
    one, two = await stored(client, 2)
    provider = await provider_of(client)
    request = CommitRequest(
        provider.provider_id,
        secrets.randbits(256),
        (PieceToAdd(one, (("name", "n1"), ("part", "1"))), PieceToAdd(two)),
    )
    done = await confirmed(client, request, await client.submit(request))
    at = done.data_set_id
    assert await world.piece_metadata(at, done.piece_ids[0]) == {"name": "n1", "part": "1"}
    assert await world.piece_metadata(at, done.piece_ids[1]) == {}


async def test_the_same_nonce_twice_adds_once(client: FilecoinClient, world: Onchain) -> None:
    first = await committed(client, await stored(client))
    request = await request_for(client, await stored(client))
    submitted = await client.submit(request)
    again = await client.submit(request)
    done = [await confirmed(client, request, one) for one in (submitted, again, submitted)]
    assert {(one.data_set_id, one.piece_ids) for one in done} == {(first.data_set_id, (1,))}
    assert await client.look(request) is not None
    assert await world.active_pieces(first.data_set_id) == 2


async def test_the_same_nonce_while_the_first_is_pending_adds_once(
    client: FilecoinClient, world: Onchain
) -> None:
    first = await committed(client, await stored(client))
    request = await request_for(client, await stored(client))
    await world.node("evm_setAutomine", False)
    try:
        sent = [await client.submit(request), await client.submit(request)]
        assert all(one.tx_hash for one in sent)
        assert await client.poll(request, sent[0]) is None
    finally:
        await world.node("evm_setAutomine", True)
        await world.node("evm_mine")
    done = [await confirmed(client, request, one) for one in sent]
    assert {one.piece_ids for one in done} == {(1,)}
    assert await world.active_pieces(first.data_set_id) == 2


async def test_a_piece_of_the_set_is_not_added_again(
    client: FilecoinClient, world: Onchain
) -> None:
    old = await stored(client, 2)
    first = await committed(client, old)
    new = await stored(client)
    mixed = await committed(client, [old[1], new[0], old[0], new[0]])
    assert mixed.piece_ids == (1, 2, 0, 2)

    request = await request_for(client, old)
    submitted = await client.submit(request)
    assert submitted == Submitted("", first.data_set_id)
    held = await client.poll(request, submitted)
    assert held is not None
    assert (held.data_set_id, held.piece_ids, held.tx_hash) == (first.data_set_id, (0, 1), None)
    assert await client.look(request) is None
    assert await world.active_pieces(first.data_set_id) == 3


async def test_forty_pieces_at_once(client: FilecoinClient) -> None:
    done = await committed(client, await stored(client, 40))
    assert done.piece_ids == tuple(range(40))


async def test_two_first_commits_at_the_same_moment_end_in_one_set(
    client: FilecoinClient, world: Onchain
) -> None:
    requests = [await request_for(client, await stored(client)) for _ in range(2)]
    both = asyncio.Barrier(2)

    async def together(request: Request, forward: Forward) -> Reply:
        if request.path.endswith("/create-and-add") and world.fronts[0].count("POST", "-add") <= 2:
            await both.wait()
        return await forward(request)

    world.fronts[0].disturb = together
    submitted = await asyncio.gather(*(client.submit(request) for request in requests))
    done = [
        await confirmed(client, request, one)
        for request, one in zip(requests, submitted, strict=True)
    ]
    assert world.fronts[0].count("POST", "/create-and-add") == 2
    assert len({one.data_set_id for one in done}) == 1
    assert sorted(one.piece_ids for one in done) == [(0,), (1,)]
    assert await world.data_sets(client.payer) == [done[0].data_set_id]


async def test_two_first_commits_in_the_same_block_end_in_one_set(
    client: FilecoinClient, world: Onchain
) -> None:
    requests = [await request_for(client, await stored(client)) for _ in range(2)]
    await world.node("evm_setAutomine", False)
    try:
        submitted = await asyncio.gather(*(client.submit(request) for request in requests))
        assert [one.data_set_id for one in submitted] == [None, None]
    finally:
        await world.node("evm_setAutomine", True)
        await world.node("evm_mine")
    outcomes = await asyncio.gather(
        *(confirmed(client, r, s) for r, s in zip(requests, submitted, strict=True)),
        return_exceptions=True,
    )
    lost = next(n for n, outcome in enumerate(outcomes) if isinstance(outcome, TransactionFailed))
    won = outcomes[1 - lost]
    assert not isinstance(won, BaseException)
    again = await client.submit(requests[lost])
    second = await confirmed(client, requests[lost], again)
    assert (second.data_set_id, second.piece_ids) == (won.data_set_id, (1,))
    assert await world.data_sets(client.payer) == [won.data_set_id]


async def test_a_lost_answer_is_found_again_by_its_nonce(
    client: FilecoinClient, world: Onchain
) -> None:
    request = await request_for(client, await stored(client))

    async def loses(asked: Request, forward: Forward) -> Reply:
        reply = await forward(asked)
        return HANG_UP if asked.method == "POST" else reply

    world.fronts[0].disturb = loses
    with pytest.raises(CommitUnknown):
        await client.submit(request)
    world.fronts[0].calm()
    async with asyncio.timeout(20):  # the node mines a moment after it has taken a transaction
        while (found := await client.look(request)) is None:
            await asyncio.sleep(0.05)
    assert (found.piece_ids, found.tx_hash) == ((0,), None)
    again = await client.submit(request)
    assert again == Submitted("", found.data_set_id)
    assert await client.poll(request, again) == found
    assert world.fronts[0].count("POST", "") == 0
    assert await world.active_pieces(found.data_set_id) == 1


async def test_what_a_nonce_landed_with_is_told_piece_by_piece(client: FilecoinClient) -> None:
    whole = await request_for(client, await stored(client, 3))
    assert await client.landed(whole) is None
    part = replace(whole, pieces=whole.pieces[1:])
    done = await confirmed(client, part, await client.submit(part))
    held = dict(zip([piece.piece_cid for piece in part.pieces], done.piece_ids, strict=True))
    assert await client.landed(whole) == Landed(done.data_set_id, held)
    with pytest.raises(NotConfirmedYet):
        await client.look(whole)


async def test_an_ended_set_is_left_and_a_new_generation_begins(world: Onchain) -> None:
    account = await world.payer()
    async with await world.open(account) as client:
        old = await committed(client, await stored(client))
        await world.terminate(account, old.data_set_id)
        new = await committed(client, await stored(client))
        assert new.data_set_id != old.data_set_id
        assert new.piece_ids == (0,)
        await world.terminate(account, new.data_set_id)
        third = await committed(client, await stored(client))
        assert await world.data_sets(client.payer) == [
            old.data_set_id,
            new.data_set_id,
            third.data_set_id,
        ]


@pytest.mark.parametrize("source", ["", "other"])
async def test_only_a_set_with_exactly_our_metadata_is_ours(world: Onchain, source: str) -> None:
    account = await world.payer()
    async with await world.open(account) as client:
        first = await committed(client, await stored(client))
    async with await world.open(account, source=source) as client:
        second = await committed(client, await stored(client))
        third = await committed(client, await stored(client))
    assert second.data_set_id != first.data_set_id
    assert third.data_set_id == second.data_set_id


async def test_an_empty_wallet_is_told_what_is_missing(world: Onchain) -> None:
    async with await world.open(await world.payer(deposit_usdfc=0)) as client:
        request = await request_for(client, await stored(client))
        with pytest.raises(InsufficientFunds, match="deposit USDFC") as caught:
            await client.submit(request)
        assert caught.value.reason == "InsufficientLockupFunds"
        assert await client.look(request) is None


async def test_a_provider_that_is_not_registered(client: FilecoinClient) -> None:
    (cid,) = await stored(client)
    with pytest.raises(NoProvider, match="999"):
        await client.submit(CommitRequest(999, 1, (PieceToAdd(cid),)))
