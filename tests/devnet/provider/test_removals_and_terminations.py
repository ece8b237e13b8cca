from __future__ import annotations

import asyncio
import os

import httpx

from tests.devnet.provider.payer import JsonObject, Payer, add, create_with, upload


async def _status(http: httpx.AsyncClient, path: str) -> JsonObject:
    for _ in range(200):
        answer = await http.get(path)
        if answer.status_code == 200 and "confirmedTxHash" in answer.json():
            status: JsonObject = answer.json()
            return status
        await asyncio.sleep(0.05)
    raise AssertionError(f"{path} does not finish")


async def test_removing_pieces(http: httpx.AsyncClient, payer: Payer) -> None:
    cids = [await upload(http, os.urandom(200)) for _ in range(3)]
    data_set_id = await create_with(http, payer, cids)
    path = f"/pdp/data-sets/{data_set_id}/pieces"
    body = {"extraData": "0x" + payer.remove([0, 2]).hex(), "pieceIds": [0, 2, 0]}
    answer = await http.request("DELETE", f"{path}/0", json=body)
    assert answer.status_code == 200
    assert answer.json()["txHash"].startswith("0x")

    for _ in range(100):
        details = (await http.get(f"/pdp/data-sets/{data_set_id}")).json()
        if len(details["pieces"]) == 1:
            break
        await asyncio.sleep(0.05)
    assert [piece["pieceId"] for piece in details["pieces"]] == [1]


async def test_removals_that_are_refused(http: httpx.AsyncClient, payer: Payer) -> None:
    cid = await upload(http, os.urandom(200))
    data_set_id = await create_with(http, payer, [cid])
    path = f"/pdp/data-sets/{data_set_id}/pieces/0"

    async def refusal(path: str, body: JsonObject) -> int:
        return (await http.request("DELETE", path, json=body)).status_code

    signed = "0x" + payer.remove([0]).hex()
    assert await refusal(path, {"extraData": "0xz"}) == 400
    assert await refusal(path, {"extraData": "0x" + "00" * 1025}) == 400
    assert await refusal(path, {"extraData": signed, "pieceIds": list(range(36))}) == 400
    assert await refusal(path, {"extraData": signed, "pieceIds": [0, 1]}) == 404
    assert await refusal("/pdp/data-sets/99999/pieces/0", {"extraData": signed}) == 404
    assert await refusal(path, {"extraData": "0x" + payer.remove([1]).hex()}) == 500


async def test_terminating_a_data_set(http: httpx.AsyncClient, payer: Payer) -> None:
    cids = [await upload(http, os.urandom(200)) for _ in range(2)]
    data_set_id = await create_with(http, payer, cids[:1])
    path = f"/pdp/data-sets/{data_set_id}/terminate"
    assert (await http.get(path)).status_code == 404
    assert (await http.post(path, json={})).status_code == 400

    body = {"extraData": "0x" + payer.terminate(data_set_id).hex()}
    asked = await http.post(path, json=body)
    assert (asked.status_code, asked.content) == (202, b"")
    status = await _status(http, path)
    assert status["fwssTerminated"] is True
    assert status["confirmedTxHash"] == status["terminationTxHash"]

    again = await http.post(path, json=body)
    assert again.status_code == 409
    assert (again.json()["code"], again.json()["serviceTerminationEpoch"]) == (
        0,
        status["serviceTerminationEpoch"],
    )
    late = await add(http, payer, data_set_id, cids[1:])
    assert (late.status_code, "vm error=[0x" in late.text) == (500, True)


async def test_a_termination_that_the_contract_refuses_is_discarded(
    http: httpx.AsyncClient, payer: Payer
) -> None:
    cid = await upload(http, os.urandom(200))
    data_set_id = await create_with(http, payer, [cid])
    path = f"/pdp/data-sets/{data_set_id}/terminate"
    body = {"extraData": "0x" + payer.terminate(data_set_id + 1).hex()}
    assert (await http.post(path, json=body)).status_code == 202
    for _ in range(100):
        if (await http.get(path)).status_code == 404:
            break
        await asyncio.sleep(0.05)
    assert (await http.get(path)).status_code == 404
    unknown = await http.post("/pdp/data-sets/99999/terminate", json=body)
    assert unknown.status_code == 404
