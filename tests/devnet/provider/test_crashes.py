"""A provider that is killed forgets nothing that it acknowledged."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Iterator

import httpx
import pytest

from devnet.chain.accounts import provider_account
from devnet.chain.rpc import call
from devnet.ports import free_port
from tests.devnet.provider.payer import (
    Payer,
    add,
    create_with,
    entries,
    settled,
    upload,
)
from tests.devnet.provider.process import ProviderProcess, World
from vibesflow.filecoin import piece_cid_of


@pytest.fixture
def provider(world: World) -> ProviderProcess:
    return world.first


@pytest.fixture
def slow_blocks(world: World) -> Iterator[None]:
    """Transactions wait in the node's pool until a block is mined by hand."""
    call(world.rpc_url, "evm_setAutomine", False)
    yield
    call(world.rpc_url, "evm_setAutomine", True)
    call(world.rpc_url, "evm_mine")


async def test_pieces_and_their_data_set_survive(
    provider: ProviderProcess, http: httpx.AsyncClient, payer: Payer
) -> None:
    payload = os.urandom(100_000)
    cid = await upload(http, payload)
    data_set_id = await create_with(http, payer, [cid])
    answer = await add(http, payer, data_set_id, [await upload(http, os.urandom(300))])
    place = answer.headers["location"]
    before = await settled(http, place)

    provider.restart_after_kill()

    assert (await http.get(f"/piece/{cid}")).content == payload
    assert (await http.get("/pdp/piece", params={"pieceCid": cid.text})).status_code == 200
    assert await settled(http, place) == before
    third = await upload(http, os.urandom(300))
    later = await add(http, payer, data_set_id, [third])
    assert (await settled(http, later.headers["location"]))["confirmedPieceIds"] == [2]


async def test_a_pending_transaction_is_followed_by_the_next_process(
    provider: ProviderProcess,
    http: httpx.AsyncClient,
    payer: Payer,
    world: World,
    slow_blocks: None,
) -> None:
    cid = await upload(http, os.urandom(300))
    body = {
        "recordKeeper": payer.fwss,
        "pieces": entries([cid]),
        "extraData": "0x" + payer.create_and_add([cid]).hex(),
    }
    answer = await http.post("/pdp/data-sets/create-and-add", json=body)
    place = answer.headers["location"]
    pending = (await http.get(place)).json()
    assert (pending["txStatus"], pending["ok"], pending["dataSetCreated"]) == (
        "pending",
        None,
        False,
    )
    assert "dataSetId" not in pending

    provider.restart_after_kill()
    assert (await http.get(place)).json() == pending
    call(world.rpc_url, "evm_mine")
    assert (await settled(http, place))["dataSetCreated"] is True


async def test_a_transaction_that_the_node_lost_is_sent_again(
    http: httpx.AsyncClient, payer: Payer, world: World, slow_blocks: None
) -> None:
    cid = await upload(http, os.urandom(300))
    body = {
        "recordKeeper": payer.fwss,
        "pieces": entries([cid]),
        "extraData": "0x" + payer.create_and_add([cid]).hex(),
    }
    place = (await http.post("/pdp/data-sets/create-and-add", json=body)).headers["location"]
    call(world.rpc_url, "anvil_dropAllTransactions")
    call(world.rpc_url, "evm_setAutomine", True)
    assert (await settled(http, place))["dataSetCreated"] is True


async def test_what_a_chain_that_went_back_has_lost_is_sent_again(
    http: httpx.AsyncClient, payer: Payer, world: World
) -> None:
    cids = [await upload(http, os.urandom(300)) for _ in range(3)]
    data_set_id = await create_with(http, payer, cids[:1])
    mark = call(world.rpc_url, "evm_snapshot")
    lost = await add(http, payer, data_set_id, cids[1:2])
    assert (await settled(http, lost.headers["location"]))["confirmedPieceIds"] == [1]

    assert call(world.rpc_url, "evm_revert", mark) is True
    later = await add(http, payer, data_set_id, cids[2:])
    assert (await settled(http, later.headers["location"]))["confirmedPieceIds"] == [2]
    assert (await settled(http, lost.headers["location"]))["confirmedPieceIds"] == [1]


async def test_a_failed_transaction_says_so(
    http: httpx.AsyncClient, payer: Payer, world: World, slow_blocks: None
) -> None:
    """Two additions with one nonce pass the estimate together; only one can land."""
    call(world.rpc_url, "evm_setAutomine", True)
    first, second = [await upload(http, os.urandom(300)) for _ in range(2)]
    data_set_id = await create_with(http, payer, [first])
    call(world.rpc_url, "evm_setAutomine", False)
    extra = "0x" + payer.add([second]).hex()
    path = f"/pdp/data-sets/{data_set_id}/pieces"
    body = {"pieces": entries([second]), "extraData": extra}
    answers = [await http.post(path, json=body) for _ in range(2)]
    call(world.rpc_url, "evm_mine")

    good, bad = [await settled(http, answer.headers["location"]) for answer in answers]
    assert (good["txStatus"], good["piecesAdded"]) == ("confirmed", True)
    assert (bad["txStatus"], bad["addMessageOk"], bad["piecesAdded"]) == ("failed", False, False)


async def test_an_upload_session_survives(
    provider: ProviderProcess, http: httpx.AsyncClient
) -> None:
    payload = os.urandom(5_000)
    place = (await http.post("/pdp/piece/uploads")).headers["location"]
    assert (await http.put(place, content=payload)).status_code == 204
    provider.restart_after_kill()
    cid = piece_cid_of(payload)
    assert (await http.post(place, json={"pieceCid": cid.text})).status_code == 200
    assert (await http.get(f"/piece/{cid}")).content == payload


async def test_half_an_upload_leaves_no_bytes_behind(
    provider: ProviderProcess, http: httpx.AsyncClient
) -> None:
    place = (await http.post("/pdp/piece/uploads")).headers["location"]
    incoming = provider.folder / "data" / "incoming"
    killed = asyncio.Event()

    async def half() -> AsyncIterator[bytes]:
        yield os.urandom(600_000)
        while not list(incoming.glob("*.part")):
            await asyncio.sleep(0.01)
        provider.kill()
        killed.set()
        yield os.urandom(600_000)

    with pytest.raises(httpx.TransportError):
        await http.put(place, content=half())
    assert killed.is_set()
    assert list(incoming.glob("*.part"))

    provider.start()
    assert not list(incoming.glob("*.part"))
    payload = os.urandom(5_000)
    assert (await http.put(place, content=payload)).status_code == 204
    finalized = await http.post(place, json={"pieceCid": piece_cid_of(payload).text})
    assert finalized.status_code == 200


async def test_a_node_that_is_down_is_said_to_be_down(
    world: World, payer: Payer, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("no-chain")
    alone = ProviderProcess(
        free_port(),
        provider_account(3),
        folder,
        "http://127.0.0.1:9",
        world.first.devnet_info,
    )
    alone.start()
    async with httpx.AsyncClient(base_url=alone.url, trust_env=False, timeout=60) as http:
        cid = await upload(http, os.urandom(300))
        body = {"recordKeeper": payer.fwss, "pieces": entries([cid]), "extraData": "0x00"}
        refused = await http.post("/pdp/data-sets/create-and-add", json=body)
        assert refused.status_code == 500
        assert refused.text.startswith("Failed to send transaction: ")
        assert "vm error" not in refused.text
    assert alone.stop() == 0
