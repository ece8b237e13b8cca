"""Copies from provider to provider, with real processes and a real chain."""

from __future__ import annotations

import asyncio
import json
import secrets
from collections.abc import Callable

import pytest

from devnet.fault_client import FaultClient
from devnet.provider.fault_order import FaultOrder
from devnet.provider.faults import FaultName
from tests.filecoin.front import Forward
from tests.filecoin.onchain import Onchain
from tests.filecoin.small_server import Reply, Request, as_json, text
from tests.filecoin.steps import committed, confirmed, provider_of, request_for, source_of, stored
from vibesflow.errors import (
    InsufficientFunds,
    NotConfirmedYet,
    ProviderBusy,
    ProviderDown,
    ProviderFault,
    ProviderRefused,
)
from vibesflow.filecoin import CommitRequest, FilecoinClient, PullState, piece_cid_of


async def sources_of(client: FilecoinClient, cids: list[str]) -> dict[str, str]:
    one = await provider_of(client)
    return {cid: client.retrieval_url(one, cid) for cid in cids}


async def pulled(
    client: FilecoinClient, request: CommitRequest, sources: dict[str, str]
) -> dict[str, PullState]:
    async with asyncio.timeout(30):
        while True:
            states = await client.pull(request, sources)
            if all(state.settled for state in states.values()):
                return states
            await asyncio.sleep(0.05)


def _pulls(world: Onchain) -> list[dict[str, object]]:
    """Bodies of the pulls that the second provider was asked for."""
    seen = world.fronts[1].server.seen
    return [json.loads(one.body) for one in seen if one.path == "/pdp/piece/pull"]


def _says(world: Onchain, answer: Callable[[Request], Reply]) -> None:
    """Answer pulls in the second provider's place."""

    async def disturb(request: Request, forward: Forward) -> Reply:
        return answer(request) if request.path == "/pdp/piece/pull" else await forward(request)

    world.fronts[1].disturb = disturb


async def test_two_copies_stored_once_and_committed_twice(
    client: FilecoinClient, world: Onchain
) -> None:
    payload = secrets.token_bytes(300_000)
    one, two = await provider_of(client), await provider_of(client, "two")
    cid = (await client.store(one, source_of(payload))).text
    await client.wait_ready(one, cid, timeout_s=10)
    second = await request_for(client, [cid], name="two")
    sources = await sources_of(client, [cid])
    assert await pulled(client, second, sources) == {cid: PullState.COMPLETE}

    first = await request_for(client, [cid])
    done = [await confirmed(client, r, await client.submit(r)) for r in (first, second)]
    assert await world.data_sets(client.payer) == [one.data_set_id for one in done]
    for provider in (one, two):
        read = [block async for block in client.read(provider.service_url, cid)]
        assert b"".join(read) == payload


async def test_a_pull_shows_the_very_bytes_that_the_commit_sends(
    client: FilecoinClient, world: Onchain
) -> None:
    cids = await stored(client, 2)
    request = await request_for(client, cids, name="two")
    await pulled(client, request, await sources_of(client, cids))
    await confirmed(client, request, await client.submit(request))
    (sent,) = (r for r in world.fronts[1].server.seen if r.path.endswith("/create-and-add"))
    bodies = _pulls(world)
    assert len(bodies) > 1
    assert all(body == bodies[0] for body in bodies)
    assert bodies[0]["extraData"] == json.loads(sent.body)["extraData"]
    assert "dataSetId" not in bodies[0]


async def test_a_pull_into_a_set_names_it(client: FilecoinClient, world: Onchain) -> None:
    first = await committed(client, await stored(client, name="two"), name="two")
    cids = await stored(client)
    request = await request_for(client, cids, name="two")
    await pulled(client, request, await sources_of(client, cids))
    assert {body["dataSetId"] for body in _pulls(world)} == {first.data_set_id}
    done = await confirmed(client, request, await client.submit(request))
    assert done.data_set_id == first.data_set_id


async def test_forty_pieces_in_one_pull(client: FilecoinClient, world: Onchain) -> None:
    cids = await stored(client, 40)
    request = await request_for(client, cids, name="two")
    states = await pulled(client, request, await sources_of(client, cids))
    assert states == dict.fromkeys(cids, PullState.COMPLETE)
    done = await confirmed(client, request, await client.submit(request))
    assert done.piece_ids == tuple(range(40))
    assert {len(body["pieces"]) for body in _pulls(world)} == {40}  # type: ignore[arg-type]  # JSON


async def test_one_piece_fails_and_the_others_are_complete(client: FilecoinClient) -> None:
    cids = await stored(client, 2)
    stranger = piece_cid_of(secrets.token_bytes(500)).text
    sources = await sources_of(client, [*cids, stranger])
    request = await request_for(client, [*cids, stranger], name="two")
    states = await pulled(client, request, sources)
    assert states == dict.fromkeys(cids, PullState.COMPLETE) | {stranger: PullState.FAILED}
    rest = await request_for(client, cids, nonce=request.nonce, name="two")
    assert (await confirmed(client, rest, await client.submit(rest))).piece_ids == (0, 1)


async def test_what_failed_is_complete_once_the_provider_holds_it(client: FilecoinClient) -> None:
    payload = secrets.token_bytes(500)
    cid = piece_cid_of(payload).text
    request = await request_for(client, [cid], name="two")
    sources = await sources_of(client, [cid])
    assert await pulled(client, request, sources) == {cid: PullState.FAILED}
    two = await provider_of(client, "two")
    await client.store(two, source_of(payload))
    await client.wait_ready(two, cid, timeout_s=10)
    assert await client.pull(request, sources) == {cid: PullState.COMPLETE}


async def test_what_the_data_set_holds_is_not_pulled(
    client: FilecoinClient, world: Onchain
) -> None:
    old = await stored(client, name="two")
    await committed(client, old, name="two")
    request = await request_for(client, old, name="two")
    assert await client.pull(request, {}) == {old[0]: PullState.COMPLETE}
    new = await stored(client)
    mixed = await request_for(client, old + new, name="two")
    states = await pulled(client, mixed, await sources_of(client, new))
    assert states == dict.fromkeys(old + new, PullState.COMPLETE)
    assert {len(body["pieces"]) for body in _pulls(world)} == {1}  # type: ignore[arg-type]  # JSON


async def test_a_request_that_has_landed_is_complete(
    client: FilecoinClient, world: Onchain
) -> None:
    cids = await stored(client, name="two")
    request = await request_for(client, cids, name="two")
    await confirmed(client, request, await client.submit(request))
    assert await client.pull(request, {}) == {cids[0]: PullState.COMPLETE}
    assert _pulls(world) == []


async def test_a_busy_provider_says_for_how_long(client: FilecoinClient, world: Onchain) -> None:
    cids = await stored(client)
    request = await request_for(client, cids, name="two")
    sources = await sources_of(client, cids)
    _says(world, lambda _: Reply(429, b"Too many pending pulls", {"retry-after": "120"}))
    with pytest.raises(ProviderBusy, match="Too many pending pulls") as caught:
        await client.pull(request, sources)
    assert caught.value.retry_after_s == 120


async def test_a_busy_provider_that_holds_the_pieces_is_no_obstacle(
    client: FilecoinClient, world: Onchain
) -> None:
    cids = await stored(client, 2, name="two")
    _says(world, lambda _: text(429, "Too many pending pulls"))
    request = await request_for(client, cids, name="two")
    states = await client.pull(request, dict.fromkeys(cids, "http://nowhere.test"))
    assert states == dict.fromkeys(cids, PullState.COMPLETE)


async def test_an_empty_wallet_is_told_what_is_missing(world: Onchain) -> None:
    async with await world.open(await world.payer(deposit_usdfc=0)) as client:
        cids = await stored(client)
        request = await request_for(client, cids, name="two")
        with pytest.raises(InsufficientFunds, match="deposit USDFC") as caught:
            await client.pull(request, await sources_of(client, cids))
    assert caught.value.reason == "InsufficientLockupFunds"


@pytest.mark.parametrize(
    ("status", "words", "error"),
    [
        (400, "extraData validation failed: vm error=[0x5d946944]", NotConfirmedYet),
        (400, "Too many pieces", ProviderRefused),
        (403, "recordKeeper is not allowed", ProviderRefused),
        (404, "Data set not found", NotConfirmedYet),
        (409, "the data set was terminated", ProviderRefused),
        (500, "out of breath", ProviderDown),
    ],
)
async def test_refusals(
    client: FilecoinClient,
    world: Onchain,
    status: int,
    words: str,
    error: type[Exception],
) -> None:
    cids = await stored(client)
    request = await request_for(client, cids, name="two")
    _says(world, lambda _: text(status, words))
    with pytest.raises(error):
        await client.pull(request, await sources_of(client, cids))


@pytest.mark.parametrize(
    "pieces", [[], [{"pieceCid": "other", "status": "complete"}], [{"pieceCid": None}], "none"]
)
async def test_answers_that_do_not_tell(
    client: FilecoinClient, world: Onchain, pieces: object
) -> None:
    cids = await stored(client)
    request = await request_for(client, cids, name="two")
    _says(world, lambda _: as_json({"status": "complete", "pieces": pieces}))
    with pytest.raises(ProviderFault):
        await client.pull(request, await sources_of(client, cids))


@pytest.mark.parametrize(
    ("word", "state"),
    [
        ("pending", PullState.PENDING),
        ("inProgress", PullState.IN_PROGRESS),
        ("retrying", PullState.RETRYING),
        ("complete", PullState.UNPUBLISHED),  # said, and not published
        ("failed", PullState.FAILED),
    ],
)
async def test_every_state_has_its_word(
    client: FilecoinClient, world: Onchain, word: str, state: PullState
) -> None:
    (cid,) = await stored(client)
    request = await request_for(client, [cid], name="two")
    sources = await sources_of(client, [cid])
    _says(world, lambda _: as_json({"pieces": [{"pieceCid": cid, "status": word}]}))
    assert await client.pull(request, sources) == {cid: state}
    _says(world, lambda _: as_json({"pieces": [{"pieceCid": cid, "status": f"{word}?"}]}))
    with pytest.raises(ProviderFault, match="does not tell"):
        await client.pull(request, sources)


async def test_a_pull_is_complete_when_its_pieces_are_published(
    client: FilecoinClient, world: Onchain
) -> None:
    """The provider calls it complete at once, and would refuse the commit for a second."""
    cids = await stored(client, 2)
    request = await request_for(client, cids, name="two")
    sources = await sources_of(client, cids)
    async with FaultClient(world.processes[1].url) as faults:
        await faults.set(FaultOrder(name=FaultName.UNPUBLISHED_PULL, delay_s=1.0))
        try:
            states = await pulled(client, request, sources)
            (fault,) = await faults.show()
            assert fault.struck == len(cids)
        finally:
            await faults.heal()
    assert states == dict.fromkeys(cids, PullState.COMPLETE)
    assert _asked_for_pieces(world) > 1
    done = await confirmed(client, request, await client.submit(request))
    assert done.piece_ids == (0, 1)


def _asked_for_pieces(world: Onchain) -> int:
    """How often the second provider was asked whether a piece is published."""
    return sum(one.path == "/pdp/piece" for one in world.fronts[1].server.seen)


async def test_a_doubt_whether_a_piece_is_published_is_a_no(
    client: FilecoinClient, world: Onchain
) -> None:
    cids = await stored(client)
    request = await request_for(client, cids, name="two")
    sources = await sources_of(client, cids)
    await pulled(client, request, sources)

    async def unfit_to_find(asked: Request, forward: Forward) -> Reply:
        return text(503, "busy") if asked.path == "/pdp/piece" else await forward(asked)

    world.fronts[1].disturb = unfit_to_find
    assert await client.pull(request, sources) == {cids[0]: PullState.UNPUBLISHED}
    world.fronts[1].calm()
    assert await client.pull(request, sources) == {cids[0]: PullState.COMPLETE}


async def test_pieces_that_are_there_need_no_source(client: FilecoinClient, world: Onchain) -> None:
    """A batch holds pieces that were stored with the provider beside those to be copied."""
    there, elsewhere = await stored(client, 2, name="two"), await stored(client, 2)
    mixed = [there[0], elsewhere[0], there[1], elsewhere[1]]
    request = await request_for(client, mixed, name="two")
    states = await pulled(client, request, await sources_of(client, elsewhere))
    assert states == dict.fromkeys(mixed, PullState.COMPLETE)
    done = await confirmed(client, request, await client.submit(request))
    assert done.piece_ids == (0, 1, 2, 3)


async def test_a_piece_without_a_source_that_is_not_there_fails(client: FilecoinClient) -> None:
    cids = await stored(client, 2)
    request = await request_for(client, cids, name="two")
    states = await pulled(client, request, await sources_of(client, cids[:1]))
    assert states == {cids[0]: PullState.COMPLETE, cids[1]: PullState.FAILED}
