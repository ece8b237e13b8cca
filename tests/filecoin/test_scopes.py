"""Data sets by scope: one for each metadata map, and no other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest

from tests.filecoin.onchain import Onchain
from tests.filecoin.steps import confirmed, request_for, stored
from vibesflow.errors import InvalidInput
from vibesflow.filecoin import Committed, FilecoinClient, Signer, network_of
from vibesflow.filecoin.chain import Chain
from vibesflow.filecoin.chain_views import DataSetDetails
from vibesflow.filecoin.metadata import Metadata
from vibesflow.filecoin.rpc import Rpc
from vibesflow.filecoin.scopes import KEPT_SCOPES, Scopes

CREATOR: Metadata = (("creator", "0xabc"),)


async def _committed(client: FilecoinClient, scope: Metadata) -> Committed:
    request = replace(await request_for(client, await stored(client)), scope=scope)
    return await confirmed(client, request, await client.submit(request))


async def test_each_scope_has_its_own_set(client: FilecoinClient, world: Onchain) -> None:
    done = [
        await _committed(client, scope)
        for scope in ((), CREATOR, (("creator", "0xdef"),), CREATOR, ())
    ]
    wallet, creator, other, creator_again, wallet_again = (one.data_set_id for one in done)
    assert len({wallet, creator, other}) == 3
    assert (creator_again, wallet_again) == (creator, wallet)
    assert await world.data_set_metadata(creator) == {"source": "test", "creator": "0xabc"}
    assert await world.data_set_metadata(wallet) == {"source": "test"}


async def test_the_order_of_pairs_does_not_matter(client: FilecoinClient) -> None:
    pairs: Metadata = (("rta", "r1"), ("creator", "0xabc"))
    first = await _committed(client, pairs)
    assert (await _committed(client, pairs[::-1])).data_set_id == first.data_set_id


async def test_sets_of_other_scopes_are_looked_at_once(
    client: FilecoinClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(3):
        await _committed(client, (("rta", f"{number}"),))
    await _committed(client, (("rta", "0"),))
    asked: list[int] = []
    original = Chain.data_set_details

    async def counted(self: Chain, ids: Sequence[int]) -> list[DataSetDetails]:
        asked.extend(ids)
        return await original(self, ids)

    monkeypatch.setattr(Chain, "data_set_details", counted)
    again = await _committed(client, (("rta", "1"),))
    assert asked == [again.data_set_id]


async def test_another_process_finds_the_scope_again(world: Onchain) -> None:
    account = await world.payer()
    async with await world.open(account) as client:
        first = await _committed(client, CREATOR)
    async with await world.open(account) as client:
        assert (await _committed(client, CREATOR)).data_set_id == first.data_set_id


async def test_a_provider_with_a_set_of_the_scope_is_chosen_first(world: Onchain) -> None:
    account = await world.payer()
    async with await world.open(account) as client:
        cids = await stored(client, name="two")
        request = replace(await request_for(client, cids, name="two"), scope=CREATOR)
        await confirmed(client, request, await client.submit(request))
        both = await client.choose_copies(2, scope=CREATOR)
        assert [provider.name for provider in both] == ["two", "one"]
        both = await client.choose_copies(5)
        assert [provider.name for provider in both] == ["one", "two"]


@pytest.mark.parametrize(
    "scope",
    [
        tuple((f"k{n}", "v") for n in range(10)),
        (("a", "1"), ("a", "2")),
        (("k" * 33, "v"),),
        (("k", "v" * 97),),
    ],
)
async def test_scopes_that_no_contract_takes(client: FilecoinClient, scope: Metadata) -> None:
    request = await request_for(client, await stored(client))
    with pytest.raises(InvalidInput):
        replace(request, scope=scope)


async def test_a_scope_cannot_take_our_source(client: FilecoinClient) -> None:
    request = replace(
        await request_for(client, await stored(client)), scope=(("source", "theirs"),)
    )
    with pytest.raises(InvalidInput, match="another source"):
        await client.submit(request)


def test_only_some_scopes_are_kept(world: Onchain) -> None:
    chain = Chain(Rpc((), 1), network_of(world.settings()))
    scopes = Scopes(chain, Signer(bytes([1] * 32)), "test")
    first = scopes.of(CREATOR)
    for number in range(KEPT_SCOPES - 1):
        scopes.of((("rta", str(number)),))
    assert scopes.of(CREATOR) is first
    for number in range(KEPT_SCOPES):
        scopes.of((("rta", str(number)),))
    assert scopes.of(CREATOR) is not first
