"""Discovering providers, storing and reading back, with real processes and a real chain."""

from __future__ import annotations

import pytest

from tests.filecoin.front import Forward
from tests.filecoin.onchain import OTHER_PAYEE, Onchain
from tests.filecoin.piece_vectors import ramp
from tests.filecoin.small_server import HANG_UP, Reply, Request
from tests.filecoin.steps import committed, provider_of, source_of, stored
from vibesflow.errors import (
    ChainDown,
    NoProvider,
    PieceNotFound,
    ProviderDown,
    ProviderLied,
    RetryClass,
    SettingsInvalid,
    WrongChain,
)
from vibesflow.filecoin import FilecoinClient, network_of, piece_cid_of
from vibesflow.filecoin.commit_request import CommitRequest, PieceToAdd
from vibesflow.settings import NetworkName


async def test_the_registry_lists_who_can_be_reached(
    client: FilecoinClient, world: Onchain
) -> None:
    one, two, unapproved = await client.providers()
    assert (one.name, one.approved, one.endorsed) == ("one", True, True)
    assert (two.name, two.approved, two.endorsed) == ("two", True, False)
    assert (unapproved.name, unapproved.approved) == ("unapproved", False)
    assert one.service_url == world.fronts[0].url
    assert one.payee == one.address
    assert (two.payee, two.payee == two.address) == (OTHER_PAYEE, False)
    assert one.location.startswith("C=XX")
    assert (one.min_piece_size_bytes, one.max_piece_size_bytes) == (127, 1_065_353_216)


async def test_choosing_prefers_excludes_and_pings(client: FilecoinClient, world: Onchain) -> None:
    one, two, _ = await client.providers()
    assert await client.choose_provider() == one
    assert await client.choose_provider(preferred=two.provider_id) == two
    assert await client.choose_provider(exclude=frozenset({one.provider_id})) == two

    async def dead(_: Request, _forward: Forward) -> Reply:
        return HANG_UP

    world.fronts[0].disturb = dead
    assert await client.choose_provider(preferred=one.provider_id) == two
    with pytest.raises(NoProvider, match="1: "):
        await client.choose_provider(exclude=frozenset({two.provider_id}))


async def test_a_provider_with_our_data_set_comes_first(world: Onchain) -> None:
    account = await world.payer()
    async with await world.open(account) as client:
        await committed(client, await stored(client, name="two"), name="two")
    async with await world.open(account) as client:
        assert (await client.choose_provider()).name == "two"
    async with await world.open(account, source="else") as client:
        assert (await client.choose_provider()).name == "one"


async def test_store_wait_and_read_back(client: FilecoinClient) -> None:
    provider, data = await provider_of(client), ramp(700_001)
    cid = piece_cid_of(data)
    assert not await client.is_ready(provider, cid.text)
    seen: list[int] = []
    assert await client.store(provider, source_of(data), on_progress=seen.append) == cid
    assert seen[-1] == len(data)
    polls: list[int] = []
    await client.wait_ready(provider, cid.text, timeout_s=10, on_poll=lambda: polls.append(1))
    assert polls
    assert await client.is_ready(provider, cid.text)
    read = [block async for block in client.read(provider.service_url, cid.text)]
    assert b"".join(read) == data


async def test_retrieval_urls_stand_under_the_service_address(client: FilecoinClient) -> None:
    one, two, _ = await client.providers()
    cid = piece_cid_of(ramp(200)).text
    assert client.retrieval_url(one, cid) == f"{one.service_url}/piece/{cid}"
    assert client.retrieval_url(two, cid) == f"{two.service_url}piece/{cid}"


async def test_a_provider_that_serves_other_bytes_lied(
    client: FilecoinClient, world: Onchain
) -> None:
    (cid,) = await stored(client)
    provider = await provider_of(client)

    async def corrupt(request: Request, forward: Forward) -> Reply:
        reply = await forward(request)
        return Reply(reply.status, reply.body[:-1] + bytes([reply.body[-1] ^ 1]))

    world.fronts[0].disturb = corrupt
    with pytest.raises(ProviderLied, match="the bytes that came"):
        _ = [block async for block in client.read(provider.service_url, cid)]


async def test_bytes_changed_on_the_way_are_noticed(client: FilecoinClient, world: Onchain) -> None:
    provider = await provider_of(client)

    async def flip(request: Request, forward: Forward) -> Reply:
        if request.method != "PUT":
            return await forward(request)
        changed = bytes([request.body[0] ^ 1]) + request.body[1:]
        return await forward(Request("PUT", request.target, request.headers, changed))

    world.fronts[0].disturb = flip
    with pytest.raises(ProviderLied, match="does not match"):
        await client.store(provider, source_of(ramp(5000)))


async def test_a_piece_that_nobody_stored(client: FilecoinClient) -> None:
    provider = await provider_of(client)
    with pytest.raises(PieceNotFound):
        _ = [b async for b in client.read(provider.service_url, piece_cid_of(b"x" * 999).text)]


async def test_a_provider_that_dies_while_storing(client: FilecoinClient, world: Onchain) -> None:
    async def dies(request: Request, forward: Forward) -> Reply:
        return HANG_UP if request.method == "PUT" else await forward(request)

    world.fronts[0].disturb = dies
    with pytest.raises(ProviderDown):
        await client.store(await provider_of(client), source_of(ramp(500)))


async def test_reading_needs_no_key_and_paying_does(world: Onchain) -> None:
    async with await FilecoinClient.open(world.settings(), None) as reader:
        assert (await reader.choose_provider()).name == "one"
        with pytest.raises(SettingsInvalid, match="PRIVATE_KEY"):
            _ = reader.payer
        request = CommitRequest(1, 1, (PieceToAdd(piece_cid_of(ramp(200)).text),))
        with pytest.raises(SettingsInvalid, match="PRIVATE_KEY"):
            await reader.look(request)


async def test_a_chain_that_is_not_the_named_network_is_told_at_once(world: Onchain) -> None:
    """The node is alive and answers all questions; only it is of another chain."""
    (url,) = network_of(world.settings()).rpc_urls
    settings = world.settings().model_copy(
        update={"network": NetworkName.CALIBRATION, "rpc_urls": (url,)}
    )
    with pytest.raises(WrongChain, match="on chain 31415926, not 314159") as caught:
        await FilecoinClient.open(settings, None)
    assert (caught.value.code, caught.value.retry) == ("wrong_chain", RetryClass.FATAL)


async def test_an_unreachable_chain_is_told_at_once(world: Onchain) -> None:
    settings = world.settings().model_copy(update={"rpc_urls": ("http://127.0.0.1:9",)})
    with pytest.raises(ChainDown, match="no RPC endpoint answers"):
        await FilecoinClient.open(settings, None)
