"""A provider inside the test on the real chain: what the node will not do."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import httpx
from eth_account import Account

from devnet.provider.options import Options
from tests.devnet.provider.embedded import QUICK, embedded, options_in
from tests.devnet.provider.payer import Payer, entries, upload
from tests.devnet.provider.process import World
from vibesflow.filecoin import PieceCid, piece_cid_of


def _options(world: World, folder: Path) -> Options:
    contracts = world.info.info.contracts
    return replace(
        options_in(folder),
        rpc_url=world.rpc_url,
        fwss=contracts.fwss_service_proxy_addr,
        pdp_verifier=contracts.pdp_verifier_proxy_addr,
    )


async def _create(http: httpx.AsyncClient, payer: Payer, cid: PieceCid) -> httpx.Response:
    body = {
        "recordKeeper": payer.fwss,
        "pieces": entries([cid]),
        "extraData": "0x" + payer.create_and_add([cid]).hex(),
    }
    return await http.post("/pdp/data-sets/create-and-add", json=body)


async def test_a_provider_that_is_not_registered(
    world: World, payer: Payer, tmp_path: Path
) -> None:
    async with embedded(tmp_path, options=_options(world, tmp_path)) as provider:
        refused = await _create(provider.http, payer, await upload(provider.http, os.urandom(300)))
        assert refused.status_code == 500
        assert "vm error=[0x232cb27a" in refused.text


async def test_a_provider_without_money(world: World, payer: Payer, tmp_path: Path) -> None:
    options = replace(_options(world, tmp_path), account=Account.create())
    async with embedded(tmp_path, options=options) as provider:
        refused = await _create(provider.http, payer, await upload(provider.http, os.urandom(300)))
        assert refused.status_code == 500
        assert refused.text.startswith("Failed to send transaction: ")
        assert "nsufficient funds" in refused.text
        assert "vm error" not in refused.text


async def test_too_many_pulls_at_once(world: World, tmp_path: Path) -> None:
    account = world.second.account.local
    options = replace(_options(world, tmp_path), account=account)
    payer = Payer(world.info, account.address)
    async with embedded(tmp_path, replace(QUICK, max_pulls=2), options=options) as provider:

        async def pull(count: int) -> httpx.Response:
            cids = [piece_cid_of(os.urandom(300)) for _ in range(count)]
            url = "http://127.0.0.1:9/piece"
            body = {
                "extraData": "0x" + payer.create_and_add(cids).hex(),
                "recordKeeper": payer.fwss,
                "pieces": [{"pieceCid": cid.text, "sourceUrl": url} for cid in cids],
            }
            return await provider.http.post("/pdp/piece/pull", json=body)

        assert (await pull(2)).status_code == 200
        full = await pull(1)
        assert (full.status_code, full.headers["retry-after"]) == (429, "60")
