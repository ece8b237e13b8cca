from __future__ import annotations

import asyncio
import os
from collections.abc import Sequence

import httpx
import pytest

from tests.devnet.provider.payer import JsonObject, Payer, create_with, entries, settled, upload
from tests.devnet.provider.process import World
from vibesflow.filecoin import PieceCid, piece_cid_of


@pytest.fixture
def second_payer(world: World) -> Payer:
    return Payer(world.info, world.second.account.address)


def _request(world: World, payer: Payer, cids: Sequence[PieceCid], extra: bytes) -> JsonObject:
    sources = [
        {"pieceCid": cid.text, "sourceUrl": f"{world.first.url}/piece/{cid}"} for cid in cids
    ]
    return {"extraData": "0x" + extra.hex(), "recordKeeper": payer.fwss, "pieces": sources}


async def _pulled(http: httpx.AsyncClient, body: JsonObject) -> JsonObject:
    for _ in range(200):
        answer = await http.post("/pdp/piece/pull", json=body)
        assert answer.status_code == 200, answer.text
        status: JsonObject = answer.json()
        if status["status"] in {"complete", "failed"}:
            return status
        await asyncio.sleep(0.05)
    raise AssertionError(f"the pull does not finish: {status}")


async def test_a_copy_and_its_commit_with_the_same_authorization(
    world: World, http: httpx.AsyncClient, second_http: httpx.AsyncClient, second_payer: Payer
) -> None:
    payloads = [os.urandom(100_000), os.urandom(300)]
    cids = [await upload(http, payload) for payload in payloads]
    extra = second_payer.create_and_add(cids)
    body = _request(world, second_payer, cids, extra)
    assert await _pulled(second_http, body) == {
        "status": "complete",
        "pieces": [{"pieceCid": cid.text, "status": "complete"} for cid in cids],
    }
    for cid, payload in zip(cids, payloads, strict=True):
        assert (await second_http.get(f"/piece/{cid}")).content == payload

    commit = {
        "recordKeeper": second_payer.fwss,
        "pieces": entries(cids),
        "extraData": "0x" + extra.hex(),
    }
    answer = await second_http.post("/pdp/data-sets/create-and-add", json=commit)
    created = await settled(second_http, answer.headers["location"])
    assert created["dataSetCreated"] is True
    assert (await _pulled(second_http, body))["status"] == "complete"


async def test_a_copy_into_a_data_set(
    world: World, http: httpx.AsyncClient, second_http: httpx.AsyncClient, second_payer: Payer
) -> None:
    here = await upload(second_http, os.urandom(400))
    data_set_id = await create_with(second_http, second_payer, [here])
    cid = await upload(http, os.urandom(500))
    body = _request(world, second_payer, [cid], second_payer.add([cid]))
    assert (await _pulled(second_http, body | {"dataSetId": data_set_id}))["status"] == "complete"
    unknown = await second_http.post("/pdp/piece/pull", json=body | {"dataSetId": 99_999})
    assert unknown.status_code == 404


async def test_one_good_source_of_several_is_enough(
    world: World, http: httpx.AsyncClient, second_http: httpx.AsyncClient, second_payer: Payer
) -> None:
    cid, other = await upload(http, os.urandom(600)), await upload(http, os.urandom(600))
    body = _request(world, second_payer, [cid], second_payer.create_and_add([cid]))
    good = f"{world.first.url}/piece/{cid}"
    bad = [f"{world.first.url}/nowhere", f"{world.first.url}/piece/{other}"]
    body["pieces"] = [{"pieceCid": cid.text, "sourceUrl": url} for url in [*bad, good]]
    done = await _pulled(second_http, body)
    assert done == {"status": "complete", "pieces": [{"pieceCid": cid.text, "status": "complete"}]}


async def test_wrong_bytes_fail_and_the_rest_is_complete(
    world: World, http: httpx.AsyncClient, second_http: httpx.AsyncClient, second_payer: Payer
) -> None:
    good, stranger = await upload(http, os.urandom(600)), piece_cid_of(os.urandom(600))
    extra = second_payer.create_and_add([good, stranger])
    body = _request(world, second_payer, [good, stranger], extra)
    body["pieces"] = [
        {"pieceCid": good.text, "sourceUrl": f"{world.first.url}/piece/{good}"},
        {"pieceCid": stranger.text, "sourceUrl": f"{world.first.url}/piece/{good}"},
    ]
    done = await _pulled(second_http, body)
    assert done["status"] == "complete"
    assert done["pieces"] == [
        {"pieceCid": good.text, "status": "complete"},
        {"pieceCid": stranger.text, "status": "failed"},
    ]
    assert (await second_http.get(f"/piece/{stranger}")).status_code == 404


async def test_pulls_that_are_refused(
    world: World, http: httpx.AsyncClient, second_http: httpx.AsyncClient, second_payer: Payer
) -> None:
    cid = await upload(http, os.urandom(700))
    good = _request(world, second_payer, [cid], second_payer.create_and_add([cid]))
    source = {"pieceCid": cid.text, "sourceUrl": f"{world.first.url}/piece/{cid}"}

    async def refusal(**changes: object) -> int:
        return (await second_http.post("/pdp/piece/pull", json=good | changes)).status_code

    assert await refusal(pieces=[]) == 400
    assert await refusal(pieces=[source] * 2) == 400
    assert await refusal(pieces=[source | {"sourceUrl": f"{n}"} for n in range(41)]) == 400
    assert await refusal(pieces=[source | {"sourceUrl": "ftp://host/piece"}]) == 400
    assert await refusal(pieces=[source | {"pieceCid": cid.to_v1_text()}]) == 400
    assert await refusal(dataSetId="1") == 400
    assert await refusal(dataSetId=2**63) == 400
    assert await refusal(recordKeeper="") == 400
    assert await refusal(recordKeeper="0x" + "22" * 20) == 403
    assert await refusal(extraData="0x" + second_payer.create().hex()) == 400
    refused = await second_http.post(
        "/pdp/piece/pull",
        json=good | {"extraData": "0x" + second_payer.create_and_add([cid, cid]).hex()},
    )
    assert (refused.status_code, "vm error=[0x" in refused.text) == (400, True)
