from __future__ import annotations

import asyncio
import os
import secrets

import httpx
import pytest
from eth_utils.crypto import keccak
from web3 import AsyncHTTPProvider, AsyncWeb3

from tests.devnet.provider.payer import (
    Payer,
    add,
    create_with,
    entries,
    random_nonce,
    settled,
    upload,
)
from tests.devnet.provider.process import World
from vibesflow.filecoin import PieceCid, piece_cid_of


async def _pieces(http: httpx.AsyncClient, count: int) -> list[PieceCid]:
    return [await upload(http, os.urandom(200 + index)) for index in range(count)]


async def test_create_and_add_then_add(http: httpx.AsyncClient, payer: Payer) -> None:
    first, second, third = await _pieces(http, 3)
    body = {
        "recordKeeper": payer.fwss,
        "pieces": entries([first, second]),
        "extraData": "0x" + payer.create_and_add([first, second]).hex(),
    }
    answer = await http.post("/pdp/data-sets/create-and-add", json=body)
    place = answer.headers["location"]
    tx_hash = place.removeprefix("/pdp/data-sets/created/")
    assert (answer.status_code, answer.content) == (201, b"")

    created = await settled(http, place)
    data_set_id = created["dataSetId"]
    assert created == {
        "createMessageHash": tx_hash,
        "dataSetCreated": True,
        "service": "public",
        "txStatus": "confirmed",
        "ok": True,
        "dataSetId": data_set_id,
        "confirmedTxHash": tx_hash,
    }
    added = await settled(http, f"/pdp/data-sets/{data_set_id}/pieces/added/{tx_hash}")
    assert added == {
        "txHash": tx_hash,
        "txStatus": "confirmed",
        "dataSetId": data_set_id,
        "pieceCount": 2,
        "addMessageOk": True,
        "piecesAdded": True,
        "confirmedPieceIds": [0, 1],
        "confirmedTxHash": tx_hash,
    }

    assert isinstance(data_set_id, int)
    later = await add(http, payer, data_set_id, [third])
    assert later.status_code == 201
    assert later.headers["location"].startswith(f"/pdp/data-sets/{data_set_id}/pieces/added/0x")
    assert (await settled(http, later.headers["location"]))["confirmedPieceIds"] == [2]

    details = (await http.get(f"/pdp/data-sets/{data_set_id}")).json()
    assert (details["id"], details["nextChallengeEpoch"]) == (data_set_id, 0)
    assert details["pieces"] == [
        {"pieceId": at, "pieceCid": cid.text, "subPieceCid": cid.text, "subPieceOffset": 0}
        for at, cid in enumerate([first, second, third])
    ]
    one = (await http.get(f"/pdp/data-sets/{data_set_id}/pieces/2")).json()
    v1 = third.to_v1_text()
    assert one == {
        "pieceId": 2,
        "pieceCid": v1,
        "subPieces": [{"subPieceCid": v1, "subPieceOffset": 0}],
    }
    assert (await http.get(f"/pdp/data-sets/{data_set_id}/pieces/3")).status_code == 404


async def test_the_deposit_comes_from_the_provider(
    world: World, http: httpx.AsyncClient, payer: Payer
) -> None:
    web3 = AsyncWeb3(AsyncHTTPProvider(world.rpc_url))
    (cid,) = await _pieces(http, 1)
    data_set_id = await create_with(http, payer, [cid])
    row = await http.get(f"/pdp/data-sets/{data_set_id}")
    assert row.status_code == 200
    block = await web3.eth.get_block("latest", full_transactions=True)
    (sent,) = block["transactions"]
    assert not isinstance(sent, bytes)
    assert sent["from"] == world.first.account.address
    assert sent["value"] == 10**17
    assert sent["input"][:4] == keccak(text="addPieces(uint256,address,(bytes)[],bytes)")[:4]
    await web3.provider.disconnect()


async def test_an_empty_data_set(http: httpx.AsyncClient, payer: Payer) -> None:
    body = {"recordKeeper": payer.fwss, "extraData": "0x" + payer.create().hex()}
    answer = await http.post("/pdp/data-sets", json=body)
    created = await settled(http, answer.headers["location"])
    assert created["dataSetCreated"] is True
    data_set_id = created["dataSetId"]
    assert isinstance(data_set_id, int)
    details = (await http.get(f"/pdp/data-sets/{data_set_id}")).json()
    assert details["pieces"] == []
    (cid,) = await _pieces(http, 1)
    later = await add(http, payer, data_set_id, [cid])
    assert (await settled(http, later.headers["location"]))["confirmedPieceIds"] == [0]


async def test_forty_pieces_are_taken_and_forty_one_are_not(
    http: httpx.AsyncClient, payer: Payer
) -> None:
    cids = await asyncio.gather(*(upload(http, os.urandom(130 + i)) for i in range(41)))
    body = {"recordKeeper": payer.fwss, "pieces": entries(cids), "extraData": "0x00"}
    refused = await http.post("/pdp/data-sets/create-and-add", json=body)
    assert (refused.status_code, "maximum is 40" in refused.text) == (400, True)

    data_set_id = await create_with(http, payer, cids[:40])
    refused = await add(http, payer, data_set_id, cids)
    assert (refused.status_code, "maximum is 40" in refused.text) == (400, True)
    details = (await http.get(f"/pdp/data-sets/{data_set_id}")).json()
    assert [piece["pieceCid"] for piece in details["pieces"]] == [cid.text for cid in cids[:40]]


async def test_a_bad_signature_comes_back_as_the_contracts_own_error(
    http: httpx.AsyncClient, payer: Payer
) -> None:
    first, second = await _pieces(http, 2)
    data_set_id = await create_with(http, payer, [first])
    body = {"pieces": entries([second]), "extraData": "0x" + payer.add([first]).hex()}
    refused = await http.post(f"/pdp/data-sets/{data_set_id}/pieces", json=body)
    selector = keccak(text="InvalidSignature(address,address)")[:4].hex()
    assert refused.status_code == 500
    assert refused.text.startswith("Failed to send transaction: ")
    assert f"vm error=[0x{selector}" in refused.text


async def test_a_used_nonce_is_refused_by_the_chain(http: httpx.AsyncClient, payer: Payer) -> None:
    first, second = await _pieces(http, 2)
    data_set_id = await create_with(http, payer, [first])
    nonce = random_nonce()
    body = {
        "pieces": entries([second]),
        "extraData": "0x" + payer.add([second], nonce).hex(),
    }
    path = f"/pdp/data-sets/{data_set_id}/pieces"
    await settled(http, (await http.post(path, json=body)).headers["location"])

    again = await http.post(path, json=body)
    assert again.status_code == 500
    assert f"vm error=[0xdb94c961{nonce:064x}]" in again.text
    details = (await http.get(f"/pdp/data-sets/{data_set_id}")).json()
    assert len(details["pieces"]) == 2


async def test_additions_at_the_same_time_all_land(http: httpx.AsyncClient, payer: Payer) -> None:
    cids = await _pieces(http, 9)
    data_set_id = await create_with(http, payer, cids[:1])
    answers = await asyncio.gather(*(add(http, payer, data_set_id, [cid]) for cid in cids[1:]))
    settled_ones = [await settled(http, answer.headers["location"]) for answer in answers]
    assert sorted(str(one["confirmedPieceIds"]) for one in settled_ones) == [
        f"[{piece_id}]" for piece_id in range(1, 9)
    ]


async def test_pieces_are_checked_in_order(http: httpx.AsyncClient, payer: Payer) -> None:
    first, second = await _pieces(http, 2)
    data_set_id = await create_with(http, payer, [first])
    path = f"/pdp/data-sets/{data_set_id}/pieces"
    extra = "0x" + payer.add([second]).hex()
    stranger = piece_cid_of(os.urandom(333))

    async def refusal(pieces: object, extra_data: str = extra) -> tuple[int, str]:
        answer = await http.post(path, json={"pieces": pieces, "extraData": extra_data})
        return answer.status_code, answer.text

    assert await refusal([]) == (400, "At least one piece must be provided\n")
    assert (await refusal([{"pieceCid": second.text}]))[0] == 400
    assert (await refusal(entries([second]), "0xzz"))[0] == 400
    v1 = second.to_v1_text()
    old = [{"pieceCid": v1, "subPieces": [{"subPieceCid": v1}]}]
    assert (await refusal(old))[0] == 400

    for pieces in (entries([second, second]), entries([stranger])):
        status, text = await refusal(pieces)
        assert status == 400
        assert text.startswith("Failed to process request: ")
    mixed = [{"pieceCid": first.text, "subPieces": [{"subPieceCid": second.text}]}]
    assert (await refusal(mixed))[0] == 400


@pytest.mark.parametrize("path", ["/pdp/data-sets", "/pdp/data-sets/create-and-add"])
async def test_who_keeps_the_record(http: httpx.AsyncClient, payer: Payer, path: str) -> None:
    (cid,) = await _pieces(http, 1)
    body: dict[str, object] = {"pieces": entries([cid]), "extraData": "0x00"}
    assert (await http.post(path, json=body)).status_code == 400
    body["recordKeeper"] = "0x" + "11" * 20
    assert (await http.post(path, json=body)).status_code == 403
    body |= {"recordKeeper": payer.fwss.lower(), "extraData": "0x00"}
    assert (await http.post(path, json=body)).status_code == 500


async def test_a_bare_create_has_a_limit(http: httpx.AsyncClient, payer: Payer) -> None:
    body = {"recordKeeper": payer.fwss, "extraData": "0x" + "00" * 4097}
    refused = await http.post("/pdp/data-sets", json=body)
    assert (refused.status_code, "4096" in refused.text) == (400, True)


async def test_statuses_of_what_is_unknown(http: httpx.AsyncClient) -> None:
    stranger = "0x" + secrets.token_hex(32)
    assert (await http.get(f"/pdp/data-sets/created/{stranger}")).status_code == 404
    assert (await http.get("/pdp/data-sets/created/0x12")).status_code == 400
    assert (await http.get(f"/pdp/data-sets/1/pieces/added/{stranger}")).status_code == 404
    assert (await http.get("/pdp/data-sets/1/pieces/added/0x12")).status_code == 400
    assert (await http.get("/pdp/data-sets/99999999")).status_code == 404
    assert (await http.get("/pdp/data-sets/x")).status_code == 400


async def test_a_piece_made_of_two(http: httpx.AsyncClient, payer: Payer) -> None:
    payloads = [os.urandom(127 * 4), os.urandom(127 * 2)]
    parts = [await upload(http, payload) for payload in payloads]
    whole = piece_cid_of(b"".join(payloads))
    body = {
        "recordKeeper": payer.fwss,
        "pieces": [
            {
                "pieceCid": whole.text,
                "subPieces": [{"subPieceCid": part.text} for part in parts],
            }
        ],
        "extraData": "0x" + payer.create_and_add([whole]).hex(),
    }
    answer = await http.post("/pdp/data-sets/create-and-add", json=body)
    created = await settled(http, answer.headers["location"])
    details = (await http.get(f"/pdp/data-sets/{created['dataSetId']}")).json()
    assert details["pieces"] == [
        {"pieceId": 0, "pieceCid": whole.text, "subPieceCid": part.text, "subPieceOffset": offset}
        for part, offset in zip(parts, [0, 512], strict=True)
    ]
    one = (await http.get(f"/pdp/data-sets/{created['dataSetId']}/pieces/0")).json()
    assert [part["subPieceOffset"] for part in one["subPieces"]] == [0, 512]
