"""What a provider says about a transaction, against what the chain knows."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable

import pytest

from tests.filecoin.front import Forward
from tests.filecoin.onchain import Onchain
from tests.filecoin.small_server import Reply, Request, as_json, text
from tests.filecoin.steps import committed, confirmed, request_for, stored
from vibesflow.errors import NotConfirmedYet, TransactionFailed
from vibesflow.filecoin import CommitRequest, FilecoinClient, Submitted

NEVER_SENT = Submitted("0x" + "ab" * 32, 1)
OTHER_HASH = "0x" + "cd" * 32


def _says(world: Onchain, answer: Callable[[Request], Reply], *, method: str = "GET") -> None:
    """Answer such requests in the first provider's place."""

    async def disturb(request: Request, forward: Forward) -> Reply:
        return answer(request) if request.method == method else await forward(request)

    world.fronts[0].disturb = disturb


def _addition(status: str, *, ok: bool | None, added: bool) -> Callable[[Request], Reply]:
    content = {
        "txHash": NEVER_SENT.tx_hash,
        "txStatus": status,
        "dataSetId": 1,
        "pieceCount": 1,
        "addMessageOk": ok,
        "piecesAdded": added,
        "confirmedTxHash": OTHER_HASH,
    }
    return lambda _: as_json(content)


@pytest.fixture
async def landed(client: FilecoinClient) -> tuple[CommitRequest, Submitted]:
    """A commit that stands on chain, in a set that another commit has created."""
    await committed(client, await stored(client))
    request = await request_for(client, await stored(client))
    submitted = await client.submit(request)
    await confirmed(client, request, submitted)
    return request, submitted


@pytest.fixture
async def unsent(client: FilecoinClient) -> CommitRequest:
    return await request_for(client, await stored(client))


Landed = tuple[CommitRequest, Submitted]


@pytest.mark.parametrize(
    "answer",
    [
        _addition("confirmed", ok=True, added=True),
        _addition("confirmed", ok=True, added=False),
        _addition("failed", ok=False, added=False),
    ],
    ids=["confirmed", "delayed", "failed-duplicate"],
)
async def test_what_stands_on_chain_is_committed_under_the_hash_that_landed(
    client: FilecoinClient, world: Onchain, landed: Landed, answer: Callable[[Request], Reply]
) -> None:
    _says(world, answer)
    done = await client.poll(*landed)
    assert done is not None
    assert (done.piece_ids, done.tx_hash) == ((1,), OTHER_HASH)


async def test_a_pending_transaction_is_waited_for(
    client: FilecoinClient, world: Onchain, landed: Landed
) -> None:
    _says(world, _addition("pending", ok=None, added=False))
    assert await client.poll(*landed) is None


async def test_confirmed_is_not_believed_without_the_chain(
    client: FilecoinClient, world: Onchain, unsent: CommitRequest
) -> None:
    _says(world, _addition("confirmed", ok=True, added=True))
    assert await client.poll(unsent, NEVER_SENT) is None


@pytest.mark.parametrize(
    "answer",
    [_addition("failed", ok=None, added=False), _addition("confirmed", ok=False, added=False)],
)
async def test_a_failed_transaction_is_told(
    client: FilecoinClient,
    world: Onchain,
    unsent: CommitRequest,
    answer: Callable[[Request], Reply],
) -> None:
    _says(world, answer)
    with pytest.raises(TransactionFailed, match=f"{OTHER_HASH} failed"):
        await client.poll(unsent, NEVER_SENT)


async def test_an_unknown_hash_is_tolerated_when_the_chain_knows(
    client: FilecoinClient, world: Onchain, landed: Landed
) -> None:
    _says(world, lambda _: text(404, "unknown"))
    done = await client.poll(*landed)
    assert done is not None
    assert done.tx_hash == landed[1].tx_hash


async def test_an_unknown_hash_is_tolerated_for_a_while(
    client: FilecoinClient, unsent: CommitRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert await client.poll(unsent, NEVER_SENT) is None
    assert await client.poll(unsent, NEVER_SENT) is None
    monkeypatch.setattr("vibesflow.filecoin.commits.UNKNOWN_TX_S", 0.0)
    with pytest.raises(TransactionFailed, match="does not know"):
        await client.poll(unsent, NEVER_SENT)


async def test_a_set_that_the_provider_has_not_noticed_is_tried_once_more(
    client: FilecoinClient, world: Onchain
) -> None:
    await committed(client, await stored(client))
    request = await request_for(client, await stored(client))
    refusals = [text(404, "Data set not found")]

    async def once(asked: Request, forward: Forward) -> Reply:
        return refusals.pop() if asked.method == "POST" and refusals else await forward(asked)

    world.fronts[0].calm()
    world.fronts[0].disturb = once
    done = await confirmed(client, request, await client.submit(request))
    assert done.piece_ids == (1,)
    assert world.fronts[0].count("POST", "/pieces") == 2


async def test_a_set_that_the_provider_does_not_notice_waits(
    client: FilecoinClient, world: Onchain
) -> None:
    await committed(client, await stored(client))
    request = await request_for(client, await stored(client))
    world.fronts[0].calm()
    _says(world, lambda _: text(404, "Data set not found"), method="POST")
    with pytest.raises(NotConfirmedYet) as caught:
        await client.submit(request)
    assert caught.value.retry_after_s == 30
    assert world.fronts[0].count("POST", "/pieces") == 2


async def test_a_race_that_does_not_end_waits(
    client: FilecoinClient, world: Onchain, monkeypatch: pytest.MonkeyPatch
) -> None:
    request = await request_for(client, await stored(client))
    monkeypatch.setattr("vibesflow.filecoin.commits.RACE_PAUSES_S", (0.0, 0.0))
    used = f"Failed to send transaction: chain: vm error=[0xdb94c961{5:064x}]"
    _says(world, lambda _: text(500, used), method="POST")
    with pytest.raises(NotConfirmedYet, match=r"is changing.*nonce was used") as caught:
        await client.submit(request)
    assert caught.value.retry_after_s == 10


@pytest.mark.parametrize("selector", ["211a40c0", "5d946944"], ids=["terminated", "deleted"])
async def test_a_set_that_ends_at_that_moment_is_looked_for_again(
    client: FilecoinClient, world: Onchain, selector: str
) -> None:
    request = await request_for(client, await stored(client))
    words = [f"Failed to send transaction: chain: vm error=[0x{selector}{1:064x}]"]

    async def once(asked: Request, forward: Forward) -> Reply:
        refused = asked.method == "POST" and words
        return text(500, words.pop()) if refused else await forward(asked)

    world.fronts[0].disturb = once
    done = await confirmed(client, request, await client.submit(request))
    assert done.piece_ids == (0,)


async def test_a_nonce_of_other_pieces_is_not_ours(client: FilecoinClient) -> None:
    cids = await stored(client, 2)
    nonce = secrets.randbits(256)
    request = await request_for(client, cids[:1], nonce=nonce)
    await confirmed(client, request, await client.submit(request))
    with pytest.raises(NotConfirmedYet, match="not seen"):
        await client.look(await request_for(client, cids[1:], nonce=nonce))


@pytest.mark.parametrize("recent", [1_000, 1])
async def test_pieces_of_long_ago_are_found_when_the_nonce_has_landed(
    client: FilecoinClient, monkeypatch: pytest.MonkeyPatch, recent: int
) -> None:
    old = await stored(client, 3)
    await committed(client, old)
    request = await request_for(client, [old[0], *await stored(client)])
    await confirmed(client, request, await client.submit(request))
    monkeypatch.setattr("vibesflow.filecoin.piece_ids.RECENT_PIECES", recent)
    done = await client.look(request)
    assert done is not None
    assert done.piece_ids == (0, 3)


async def test_pages_of_pieces_are_followed(
    client: FilecoinClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("vibesflow.filecoin.piece_ids._PIECES_A_CALL", 2)
    cids = await stored(client, 5)
    done = await committed(client, cids)
    request = await request_for(client, cids)
    assert await client.submit(request) == Submitted("", done.data_set_id)


async def test_generations_are_followed_page_by_page(
    world: Onchain, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("vibesflow.filecoin.data_sets._GENERATIONS_A_CALL", 1)
    account = await world.payer()
    async with await world.open(account) as client:
        ids = []
        for _ in range(3):
            done = await committed(client, await stored(client))
            ids.append(done.data_set_id)
            await world.terminate(account, done.data_set_id)
    assert len(set(ids)) == 3


async def test_a_set_created_between_two_looks_is_found(
    client: FilecoinClient, world: Onchain, monkeypatch: pytest.MonkeyPatch
) -> None:
    from vibesflow.filecoin.chain import Chain

    first = await request_for(client, await stored(client))
    second = await request_for(client, await stored(client))
    whole = Chain.data_sets_of
    blind = True

    async def late(chain: Chain, payer: str) -> object:
        nonlocal blind
        found = await whole(chain, payer)
        if blind:
            blind = False
            await confirmed(client, first, await client.submit(first))
        return found

    monkeypatch.setattr(Chain, "data_sets_of", late)
    done = await confirmed(client, second, await client.submit(second))
    assert done.piece_ids == (1,)
    assert await world.data_sets(client.payer) == [done.data_set_id]


async def test_many_questions_at_once(client: FilecoinClient) -> None:
    cids = await stored(client, 8)
    requests = [await request_for(client, [cid]) for cid in cids]
    await committed(client, await stored(client))
    submitted = await asyncio.gather(*(client.submit(request) for request in requests))
    done = await asyncio.gather(
        *(confirmed(client, r, s) for r, s in zip(requests, submitted, strict=True))
    )
    assert sorted(one.piece_ids[0] for one in done) == list(range(1, 9))
