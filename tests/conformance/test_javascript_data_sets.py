"""Data sets that one client makes are understood by the other."""

from __future__ import annotations

import secrets
import time
from pathlib import Path

import pytest
from eth_account import Account

from tests.conformance.javascript_client import JavaScriptClient, JavaScriptError
from tests.conformance.onchain import Onchain
from tests.conformance.steps import commit_of, committed, read_back, stored_many, until
from tests.conformance.subject import Subject
from vibesflow.filecoin import FilecoinClient, ProviderInfo, StorageWish
from vibesflow.filecoin.metadata import Metadata

HOUR_S = 3600


async def upload(javascript: JavaScriptClient, url: str, folder: Path) -> tuple[str, bytes]:
    payload = secrets.token_bytes(1_000)
    file = folder / "payload"
    file.write_bytes(payload)
    answer = await javascript.ask("upload", url=url, path=str(file))
    await javascript.ask("find", url=url, cid=answer["cid"])
    return str(answer["cid"]), payload


async def test_both_see_the_same_providers(
    javascript: JavaScriptClient, client: FilecoinClient
) -> None:
    told = {one["id"]: one for one in await javascript.ask("providers")}
    ours = await client.providers()
    assert {provider.provider_id for provider in ours} <= set(told)
    for provider in ours:
        other = told[provider.provider_id]
        assert (other["address"], other["payee"]) == (provider.address, provider.payee)
        assert (other["approved"], other["endorsed"]) == (provider.approved, provider.endorsed)
        assert (other["name"], other["url"]) == (provider.name, provider.service_url)
        assert other["location"] == provider.location


async def test_both_see_the_same_money(subject: Subject, funded: JavaScriptClient) -> None:
    async with await subject.open(funded.payer.key) as ours:
        wallet = await ours.wallet()
        assert wallet.is_unlimited
        assert await funded.ask("isApproved")
        told = await funded.ask("account")
        assert int(told["funds"]) == wallet.balance.funds
        assert int(told["lockupRatePerEpoch"]) == wallet.balance.rate_per_epoch
        assert int(told["debt"]) == wallet.balance.debt == 0


async def test_a_data_set_that_javascript_signs(
    subject: Subject,
    funded: JavaScriptClient,
    home: ProviderInfo,
    onchain: Onchain,
    scope: Metadata,
    tmp_path: Path,
) -> None:
    wish = StorageWish((1_000, 1_000), provider_ids=(home.provider_id,), scope=scope)
    async with await subject.open(funded.payer.key) as ours:
        before, quote = await ours.wallet(), await ours.quote(wish)
    first, payload = await upload(funded, home.service_url, tmp_path)
    client_id = str(secrets.randbits(200))
    made = await funded.ask(
        "create",
        url=home.service_url,
        payee=home.payee,
        clientDataSetId=client_id,
        cids=[first],
        metadata={"source": "javascript"},
        pieceMetadata={"name": "first"},
    )
    second, _ = await upload(funded, home.service_url, tmp_path)
    place = {"url": home.service_url, "dataSetId": made["dataSetId"], "clientDataSetId": client_id}
    (second_id,) = await funded.ask("add", **place, cids=[second])

    found = await onchain.data_set(made["dataSetId"])
    assert (found.payer, found.provider_id) == (funded.payer.address, home.provider_id)
    assert str(found.client_data_set_id) == client_id
    (first_id,) = made["pieceIds"]
    assert await onchain.piece_metadata(made["dataSetId"], first_id) == {"name": "first"}
    async with await subject.open(funded.payer.key) as ours:
        assert await read_back(ours, home, first) == payload
        grown = (await ours.wallet()).balance.rate_per_epoch - before.balance.rate_per_epoch
        assert grown == quote.costs.rate_per_epoch

    await funded.ask("remove", **place, pieceId=second_id)

    async def is_going() -> bool:
        held = await onchain.pieces(made["dataSetId"])
        assert first in held
        return second not in held or second_id in await onchain.scheduled_removals(
            made["dataSetId"]
        )

    await until(is_going)


async def test_javascript_lists_what_we_commit(
    javascript: JavaScriptClient, client: FilecoinClient, home: ProviderInfo, scope: Metadata
) -> None:
    cids = await stored_many(client, home, 3)
    done = await committed(client, commit_of(home, cids, scope))
    ids = dict(zip(cids, done.piece_ids, strict=True))
    assert await javascript.ask("activePieces", dataSetId=done.data_set_id) == ids
    told = await javascript.ask("tellsProvider", url=home.service_url, dataSetId=done.data_set_id)
    assert sorted(told) == sorted(cids)


async def test_javascript_pulls_a_piece_of_ours_to_another_provider(
    funded: JavaScriptClient,
    client: FilecoinClient,
    home: ProviderInfo,
    neighbour: ProviderInfo,
) -> None:
    (cid,) = await stored_many(client, home, 1)
    answer = await funded.ask(
        "pull",
        url=neighbour.service_url,
        payee=neighbour.payee,
        clientDataSetId=str(secrets.randbits(200)),
        nonce=str(secrets.randbits(200)),
        sources={cid: client.retrieval_url(home, cid)},
    )
    assert answer["pieces"] == [{"pieceCid": cid, "status": "complete"}]
    assert await client.is_ready(neighbour, cid)


async def test_a_session_key_that_javascript_authorizes_and_revokes(
    funded: JavaScriptClient, home: ProviderInfo, tmp_path: Path
) -> None:
    session_key = Account.create()
    address, expires_s = session_key.address, int(time.time()) + HOUR_S
    client_id = str(secrets.randbits(200))
    cid, _ = await upload(funded, home.service_url, tmp_path)
    place = {"url": home.service_url, "clientDataSetId": client_id}
    made = await funded.ask("create", **place, payee=home.payee, cids=[cid])
    place |= {"dataSetId": made["dataSetId"], "key": session_key.key.to_0x_hex()}

    assert await funded.ask("login", address=address, expiresAt=str(expires_s)) == "success"
    told = await funded.ask("expirations", address=address)
    assert set(told.values()) == {str(expires_s)}
    other, _ = await upload(funded, home.service_url, tmp_path)
    assert await funded.ask("addWithSessionKey", **place, cids=[other])

    assert await funded.ask("revoke", address=address) == "success"
    with pytest.raises(JavaScriptError, match="InvalidSignature"):
        await funded.ask("addWithSessionKey", **place, cids=[other])
