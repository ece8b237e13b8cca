"""Prices, wallets, quotes and preflights read from real contracts."""

from __future__ import annotations

import pytest

from tests.filecoin.onchain import Onchain
from tests.filecoin.payments.figures import PRICES, usdfc
from tests.filecoin.payments.purse import PoorClient
from tests.filecoin.steps import committed, provider_of, stored
from vibesflow.errors import InvalidInput, SettingsInvalid
from vibesflow.filecoin import FilecoinClient, StorageWish, known_payer
from vibesflow.filecoin.payments.prices import billed_bytes, leaves_of
from vibesflow.filecoin.payments.units import ATTO

ONE_MIB = 2**20


async def test_the_price_list_is_the_published_one(poor: PoorClient) -> None:
    found = await poor.client.payments._reader.prices()
    assert found.token == poor.world.places.usdfc
    for name in PRICES.__slots__:
        if name != "token":
            assert getattr(found, name) == getattr(PRICES, name), name


async def test_a_wallet_before_and_after_funding(poor: PoorClient) -> None:
    before = await poor.client.wallet()
    assert (before.payer, before.network) == (poor.address, "devnet")
    assert before.service == poor.world.places.fwss
    assert (before.fil, before.usdfc) == (100 * ATTO, 50 * ATTO)
    assert (before.balance.funds, before.balance.runway_epochs) == (0, None)
    assert (before.approval.is_approved, before.is_unlimited) == (False, False)
    assert not before.sufficient_funds
    await poor.client.fund(usdfc("5"))
    after = await poor.client.wallet()
    assert (after.usdfc, after.balance.available) == (45 * ATTO, 5 * ATTO)
    assert after.fil < before.fil
    assert after.is_unlimited
    assert after.sufficient_funds
    assert after.next_piece.ok


async def test_a_wallet_that_pays_agrees_with_the_contract(poor: PoorClient) -> None:
    await poor.client.fund(usdfc("5"))
    cids = await stored(poor.client, 2)
    await committed(poor.client, cids)
    await poor.world.node("anvil_mine", hex(2_880))
    wallet = await poor.client.wallet()
    rate = PRICES.rate_per_epoch(billed_bytes(2 * leaves_of(200)))
    assert wallet.balance.rate_per_epoch == wallet.approval.rate_usage == rate
    pay = poor.world.chain.contract("FilecoinPayV1", poor.world.places.pay)
    until, funds, available, _ = poor.world.chain.read(
        pay.functions.getAccountInfoIfSettled(poor.world.places.usdfc, poor.address)
    )
    assert wallet.balance.funds == funds
    assert wallet.balance.available == available
    assert wallet.balance.funded_until_epoch == until
    assert wallet.approval.lockup_usage == rate * 86_400 + usdfc("0.1") - usdfc("0.0261")


async def test_a_quote_knows_the_sets_that_exist(poor: PoorClient) -> None:
    fresh = await poor.client.quote(StorageWish((ONE_MIB,), copies=2))
    assert (fresh.costs.new_data_sets, fresh.costs.copies) == (2, 2)
    await poor.client.fund(usdfc("5"))
    await committed(poor.client, await stored(poor.client))
    second = await poor.client.quote(StorageWish((ONE_MIB,), copies=2))
    assert (second.costs.new_data_sets, second.costs.copies) == (1, 2)
    one = await poor.client.quote(StorageWish((ONE_MIB,)))
    assert (one.costs.new_data_sets, one.deposit) == (0, 0)
    leaves = leaves_of(200)
    growth = billed_bytes(leaves + leaves_of(ONE_MIB)), billed_bytes(leaves)
    assert one.costs.rate_per_epoch == PRICES.rate_per_epoch(growth[0]) - PRICES.rate_per_epoch(
        growth[1]
    )
    other_scope = StorageWish((ONE_MIB,), scope=(("withCDN", ""),))
    cdn = await poor.client.quote(other_scope)
    assert (cdn.costs.new_data_sets, cdn.costs.cdn_lockup) == (1, usdfc("1"))


async def test_a_quote_for_a_month_covers_what_is_paid_already(poor: PoorClient) -> None:
    await poor.client.fund(usdfc("5"))
    await committed(poor.client, await stored(poor.client))
    rate = (await poor.client.wallet()).balance.rate_per_epoch
    priced = await poor.client.quote(StorageWish((ONE_MIB,), runway_days=30))
    assert priced.runway == 86_400 * (rate + priced.costs.rate_per_epoch)


async def test_a_preflight_sees_new_money_of_this_process_at_once(poor: PoorClient) -> None:
    provider = await provider_of(poor.client)
    assert not (await poor.client.preflight([ONE_MIB], provider.provider_id)).ok
    await poor.client.fund(usdfc("1"))
    assert (await poor.client.preflight([ONE_MIB], provider.provider_id)).ok


async def test_a_preflight_remembers_and_notices_new_money_later(
    poor: PoorClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    provider = await provider_of(poor.client)
    assert not (await poor.client.preflight([ONE_MIB], provider.provider_id)).ok
    async with poor.elsewhere() as elsewhere:
        await elsewhere.fund(usdfc("1"))
    assert not (await poor.client.preflight([ONE_MIB], provider.provider_id)).ok
    monkeypatch.setattr(poor.client.payments._purse, "_life_s", 0.0)
    poor.client.payments._purse.forget()
    assert (await poor.client.preflight([ONE_MIB], provider.provider_id)).ok


async def test_a_piece_that_no_provider_takes_is_no_matter_of_money(poor: PoorClient) -> None:
    with pytest.raises(InvalidInput, match="127 to"):
        await poor.client.preflight([126], 1)


async def test_without_a_key_the_wallet_can_be_seen(world: Onchain) -> None:
    payer = known_payer(world.settings())
    async with await FilecoinClient.open(world.settings(), None) as client:
        wallet = await client.wallet()
        assert wallet.payer == payer
        assert wallet.balance.funds > 0


async def test_any_wallet_can_be_named(world: Onchain, poor: PoorClient) -> None:
    settings = world.settings().model_copy(update={"payer": poor.address.lower()})
    async with await FilecoinClient.open(settings, None) as client:
        assert (await client.wallet()).payer == poor.address


async def test_a_client_of_nobody(world: Onchain) -> None:
    async with await FilecoinClient.open(world.settings(), None) as client:
        client._payments = None
        with pytest.raises(SettingsInvalid, match="VIBESFLOW_PAYER"):
            await client.wallet()
