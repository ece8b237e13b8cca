"""Faults of transactions: what the client makes of them, and what is on chain afterwards."""

from __future__ import annotations

import asyncio
import os

import httpx
import pytest

from devnet.chain.rpc import call
from tests.devnet.provider.disturbed import Disturbed
from tests.devnet.provider.held import times_in_data_set
from tests.devnet.provider.payer import (
    JsonObject,
    Payer,
    add,
    create_with,
    entries,
    random_nonce,
    settled,
    upload,
)
from tests.devnet.provider.process import World
from vibesflow.errors import CommitUnknown, TransactionFailed
from vibesflow.filecoin import (
    CommitRequest,
    Committed,
    FilecoinClient,
    PieceCid,
    PieceToAdd,
    Submitted,
)


async def request_for(client: FilecoinClient, first: Disturbed) -> CommitRequest:
    provider = next(p for p in await client.providers() if first.http.base_url == p.service_url)
    cid = await upload(first.http, os.urandom(300))
    return CommitRequest(provider.provider_id, random_nonce(), (PieceToAdd(cid.text),))


async def landed(client: FilecoinClient, request: CommitRequest, submitted: Submitted) -> Committed:
    async with asyncio.timeout(30):
        while (committed := await client.poll(request, submitted)) is None:
            await asyncio.sleep(0.05)
    return committed


def receipt(world: World, tx_hash: str) -> JsonObject | None:
    found: JsonObject | None = call(world.rpc_url, "eth_getTransactionReceipt", tx_hash)
    return found


async def check_held_once(world: World, request: CommitRequest, committed: Committed) -> None:
    cid = request.pieces[0].piece_cid
    assert await times_in_data_set(world.rpc_url, committed.data_set_id, cid) == 1


async def test_a_transaction_lands_and_fails_and_its_nonce_can_be_used(
    world: World, client: FilecoinClient, first: Disturbed
) -> None:
    request = await request_for(client, first)
    await first.fault("failed-transaction", count=1)
    submitted = await client.submit(request)
    with pytest.raises(TransactionFailed):
        await landed(client, request, submitted)
    failed = receipt(world, submitted.tx_hash)
    assert failed is not None
    assert failed["status"] == "0x0"
    committed = await landed(client, request, await client.submit(request))
    await check_held_once(world, request, committed)


async def test_a_replaced_transaction_lands_under_another_hash(
    world: World, client: FilecoinClient, first: Disturbed
) -> None:
    await landed(client, *await submitted_request(client, first))
    await first.fault("replaced-hash", count=1)
    request, submitted = await submitted_request(client, first)
    committed = await landed(client, request, submitted)
    assert committed.tx_hash not in {None, submitted.tx_hash}
    assert receipt(world, submitted.tx_hash) is None
    there = receipt(world, str(committed.tx_hash))
    assert there is not None
    assert there["status"] == "0x1"
    await landed(client, *await submitted_request(client, first))


async def submitted_request(
    client: FilecoinClient, first: Disturbed
) -> tuple[CommitRequest, Submitted]:
    request = await request_for(client, first)
    return request, await client.submit(request)


async def test_a_created_set_tells_its_replaced_hash(
    world: World, http: httpx.AsyncClient, first: Disturbed, payer: Payer
) -> None:
    await first.fault("replaced-hash", count=1)
    cid = await upload(http, os.urandom(300))
    place = await _create_and_add(http, payer, cid.text)
    status = await settled(http, place)
    told = place.rpartition("/")[2]
    assert status["createMessageHash"] == told
    assert status["confirmedTxHash"] != told
    assert receipt(world, str(status["confirmedTxHash"])) is not None
    added = await http.get(f"/pdp/data-sets/{status['dataSetId']}/pieces/added/{told}")
    assert added.json()["confirmedTxHash"] == status["confirmedTxHash"]


async def test_a_success_is_told_late(
    http: httpx.AsyncClient, first: Disturbed, payer: Payer
) -> None:
    await first.fault("late-confirmation", delay_s=0.6, count=2)
    place = await _create_and_add(http, payer, (await upload(http, os.urandom(300))).text)
    status = await settled(http, place)
    assert (status["txStatus"], status["ok"], status["dataSetCreated"]) == (
        "confirmed",
        True,
        False,
    )
    assert "dataSetId" not in status
    status = await _until(http, place, "dataSetCreated")
    data_set_id = status["dataSetId"]
    assert isinstance(data_set_id, int)

    added = await add(http, payer, data_set_id, [await upload(http, os.urandom(300))])
    status = await settled(http, added.headers["location"])
    told = (status["txStatus"], status["addMessageOk"], status["piecesAdded"])
    assert told == ("confirmed", True, False)
    assert "confirmedPieceIds" not in status
    status = await _until(http, added.headers["location"], "piecesAdded")
    assert status["confirmedPieceIds"] == [1]


@pytest.mark.parametrize("name", ["lost-answer", "error"])
async def test_an_answer_lost_after_sending_does_not_pay_twice(
    world: World, client: FilecoinClient, first: Disturbed, name: str
) -> None:
    await landed(client, *await submitted_request(client, first))
    await first.fault(name, at="sent", count=1)
    request = await request_for(client, first)
    with pytest.raises(CommitUnknown):
        await client.submit(request)
    submitted = await client.submit(request)
    assert submitted.tx_hash == ""
    committed = await landed(client, request, submitted)
    await check_held_once(world, request, committed)


async def test_an_error_before_sending_leaves_nothing_on_chain(
    client: FilecoinClient, first: Disturbed
) -> None:
    await first.fault("error", at="send", count=1)
    request = await request_for(client, first)
    with pytest.raises(CommitUnknown):
        await client.submit(request)
    assert await client.look(request) is None
    await landed(client, request, await client.submit(request))


async def test_a_receipt_that_is_not_seen_keeps_a_transaction_pending(
    http: httpx.AsyncClient, first: Disturbed, payer: Payer
) -> None:
    await first.fault("hang", at="confirm")
    place = await _create_and_add(http, payer, (await upload(http, os.urandom(300))).text)
    while not await first.struck("hang"):
        await asyncio.sleep(0.02)
    assert (await http.get(place)).json()["txStatus"] == "pending"
    await first.heal()
    assert (await settled(http, place))["dataSetCreated"] is True


async def test_a_termination_survives_faults_before_and_after_it_is_sent(
    http: httpx.AsyncClient, first: Disturbed, payer: Payer
) -> None:
    data_set_id = await create_with(http, payer, [await upload(http, os.urandom(300))])
    await first.fault("error", at="send", count=1)
    await first.fault("lost-answer", at="sent", count=1)
    path = f"/pdp/data-sets/{data_set_id}/terminate"
    body = {"extraData": "0x" + payer.terminate(data_set_id).hex()}
    assert (await http.post(path, json=body)).status_code == 202
    status = await _until(http, path, "fwssTerminated")
    assert isinstance(status["serviceTerminationEpoch"], int)
    assert [fault["struck"] for fault in await first.faults()] == [1, 1]


async def _create_and_add(http: httpx.AsyncClient, payer: Payer, cid: str) -> str:
    pieces = [PieceCid.parse(cid)]
    extra = "0x" + payer.create_and_add(pieces).hex()
    body = {"recordKeeper": payer.fwss, "pieces": entries(pieces), "extraData": extra}
    answer = await http.post("/pdp/data-sets/create-and-add", json=body)
    assert answer.status_code == 201, answer.text
    return str(answer.headers["location"])


async def _until(http: httpx.AsyncClient, place: str, field: str) -> JsonObject:
    async with asyncio.timeout(20):
        while True:
            status: JsonObject = (await http.get(place)).json()
            if status[field]:
                return status
            await asyncio.sleep(0.05)
