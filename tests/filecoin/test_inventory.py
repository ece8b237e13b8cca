"""Going through a payer's holdings on a real chain, and reading from real providers."""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from tests.filecoin.front import Forward
from tests.filecoin.onchain import Onchain
from tests.filecoin.small_server import Reply, Request
from tests.filecoin.steps import confirmed, provider_of, request_for, stored
from vibesflow.errors import ChainFault
from vibesflow.filecoin import Committed, FilecoinClient
from vibesflow.filecoin import inventory as module
from vibesflow.filecoin.holdings import HeldPiece
from vibesflow.filecoin.inventory import Inventory, open_inventory
from vibesflow.filecoin.metadata import Metadata

SCOPE: Metadata = (("creator", "0xabc"),)


@pytest.fixture
async def inventory(client: FilecoinClient, world: Onchain) -> AsyncIterator[Inventory]:
    async with open_inventory(world.settings(), client.payer) as opened:
        yield opened


async def add(
    client: FilecoinClient, cids: list[str], scope: Metadata = (), name: str = "one"
) -> Committed:
    """Commit pieces, each with its place in the list as metadata."""
    request = await request_for(client, cids, name=name)
    pieces = tuple(
        replace(piece, metadata=(("rta", "rta_1"), ("chunk", str(number))))
        for number, piece in enumerate(request.pieces)
    )
    request = replace(request, pieces=pieces, scope=scope)
    return await confirmed(client, request, await client.submit(request))


async def pieces_of(inventory: Inventory) -> list[list[HeldPiece]]:
    holdings = await inventory.holdings()
    return [
        [piece async for page in inventory.pieces(data_set) for piece in page]
        for data_set in holdings.ours
    ]


async def test_everything_is_found_page_by_page(
    client: FilecoinClient, inventory: Inventory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_PIECES_A_PAGE", 2)
    cids = await stored(client, 5)
    first = await add(client, cids)
    scoped = await add(client, cids[:1], SCOPE)
    holdings = await inventory.holdings()
    assert [(s.data_set_id, s.scope, s.pieces) for s in holdings.ours] == [
        (first.data_set_id, (), 5),
        (scoped.data_set_id, SCOPE, 1),
    ]
    held, beside = await pieces_of(inventory)
    assert [piece.piece_cid for piece in held] == cids
    assert [piece.piece_id for piece in held] == [*first.piece_ids]
    assert [piece.pairs for piece in held] == [
        {"rta": "rta_1", "chunk": str(number)} for number in range(5)
    ]
    assert {piece.size for piece in held} == {200}
    assert [piece.piece_cid for piece in beside] == cids[:1]


async def test_removed_pieces_and_other_sources_are_passed_over(
    client: FilecoinClient, inventory: Inventory, world: Onchain
) -> None:
    cids = await stored(client, 3)
    done = await add(client, cids)
    await client.remove_pieces(done.data_set_id, done.piece_ids[:1])
    (held,) = await pieces_of(inventory)
    assert [piece.piece_cid for piece in held] == cids[1:]
    async with open_inventory(world.settings("another"), client.payer) as other:
        holdings = await other.holdings()
    assert (holdings.ours, holdings.others) == ((), 1)


async def test_nobodys_holdings_are_empty(inventory: Inventory) -> None:
    holdings = await inventory.holdings()
    assert (holdings.ours, holdings.others, holdings.ended) == ((), 0, ())


async def test_bytes_come_from_whoever_has_them(
    client: FilecoinClient, inventory: Inventory
) -> None:
    (cid,) = await stored(client)
    one, two = [await provider_of(client, name) for name in ("one", "two")]
    places = await inventory.providers()
    assert places[one.provider_id].address == one.address
    assert places[one.provider_id].base_url + cid == client.retrieval_url(one, cid)
    ids = [404, two.provider_id, one.provider_id]
    data = await inventory.content(cid, ids, 10_000)
    assert data is not None
    assert len(data) == 200
    assert await inventory.digest(cid, ids) == hashlib.sha256(data).hexdigest()
    assert await inventory.content(cid, ids, 199) is None
    assert await inventory.content(cid, [two.provider_id], 10_000) is None


async def test_wrong_bytes_are_never_believed(
    client: FilecoinClient, inventory: Inventory, world: Onchain
) -> None:
    (cid,) = await stored(client)
    provider = await provider_of(client)
    await inventory.providers()

    async def lie(request: Request, forward: Forward) -> Reply:
        return Reply(200, b"x" * 200) if "/piece/" in request.path else await forward(request)

    world.fronts[0].disturb = lie
    assert await inventory.content(cid, [provider.provider_id], 10_000) is None
    assert await inventory.digest(cid, [provider.provider_id]) is None


def test_a_cid_that_is_none_is_a_fault_of_the_chain() -> None:
    with pytest.raises(ChainFault, match="piece 7"):
        module._held_piece(7, b"nonsense", {})
