"""Funding on a real chain: one transaction, aimed at a state, never twice."""

from __future__ import annotations

import asyncio
import secrets
import time

import pytest
from eth_account import Account

from tests.filecoin.onchain import Onchain
from tests.filecoin.payments.figures import usdfc
from tests.filecoin.payments.purse import PoorClient, poor_client
from tests.filecoin.steps import confirmed, provider_of, request_for, stored
from vibesflow.errors import (
    ApprovalMissing,
    FundingTooLarge,
    InsufficientFunds,
    NotConfirmedYet,
    RetryClass,
    SettingsInvalid,
)
from vibesflow.filecoin import FilecoinClient, StorageWish
from vibesflow.filecoin.payments.approval import WITHOUT_LIMIT
from vibesflow.filecoin.payments.units import ATTO
from vibesflow.filecoin.permissions import UPLOADING

UNLIMITED = [True, WITHOUT_LIMIT, WITHOUT_LIMIT, 0, 0, 86_400]
WISH = StorageWish((200_000,))


def hasten(*clients: FilecoinClient) -> None:
    """Believe at once that another process took a number: there is one node, which lags never."""
    for client in clients:
        sending = client.payments._transactions
        assert sending is not None
        sending._poll_s, sending._replaced_s = 0.05, 0.3


async def test_permit_deposit_and_approval_in_one_transaction(poor: PoorClient) -> None:
    funding = await poor.client.fund(usdfc("2.5"))
    assert funding.plan.transaction == "depositWithPermitAndApproveOperator"
    assert funding.receipt is not None
    assert (await poor.deposited(), await poor.in_wallet()) == (usdfc("2.5"), usdfc("47.5"))
    assert await poor.approval() == UNLIMITED
    assert await poor.sent() == 1


async def test_again_nothing_is_sent(poor: PoorClient) -> None:
    await poor.client.fund(usdfc("2.5"))
    again = await poor.client.fund(usdfc("2.5"))
    assert (again.receipt, again.plan.transaction, again.plan.deposit) == (None, None, 0)
    assert await poor.sent() == 1


async def test_only_what_is_missing_is_deposited(poor: PoorClient) -> None:
    await poor.client.fund(usdfc("2.5"))
    more = await poor.client.fund(usdfc("3"))
    assert (more.plan.transaction, more.plan.deposit) == ("depositWithPermit", usdfc("0.5"))
    assert await poor.deposited() == usdfc("3")


async def test_only_the_approval_is_given(poor: PoorClient) -> None:
    await poor.client.fund(usdfc("2.5"))
    places = poor.world.places
    await poor.pay("setOperatorApproval", places.usdfc, places.fwss, False, 0, 0, 0)
    funding = await poor.client.fund(usdfc("2.5"))
    assert (funding.plan.transaction, funding.plan.deposit) == ("setOperatorApproval", 0)
    assert await poor.approval() == UNLIMITED


async def test_an_approval_with_limits_that_suffices_is_left_alone(poor: PoorClient) -> None:
    places = poor.world.places
    limits = (10**15, 10**18, 86_400)
    await poor.pay("setOperatorApproval", places.usdfc, places.fwss, True, *limits)
    assert (await poor.client.fund(WISH)).plan.transaction == "depositWithPermit"
    assert await poor.approval() == [True, 10**15, 10**18, 0, 0, 86_400]


async def test_many_at_once_fund_once(poor: PoorClient) -> None:
    outcomes = await asyncio.gather(*(poor.client.fund(usdfc("4")) for _ in range(5)))
    assert sum(outcome.receipt is not None for outcome in outcomes) == 1
    assert (await poor.deposited(), await poor.sent()) == (usdfc("4"), 1)


async def test_funding_and_a_session_key_at_once_do_not_get_in_each_others_way(
    poor: PoorClient,
) -> None:
    key = Account.from_key(secrets.token_bytes(32)).address
    until_s = int(time.time()) + 3600
    funding, authorized = await asyncio.gather(
        poor.client.fund(usdfc("4")),
        poor.client.session_keys.authorize(key, UPLOADING, expires_s=until_s, origin="test"),
    )
    assert funding.receipt is not None
    assert funding.receipt.tx_hash != authorized.tx_hash
    assert (await poor.deposited(), await poor.sent()) == (usdfc("4"), 2)
    assert (await poor.client.session_keys.find(key)).expires_s[UPLOADING[0]] == until_s


async def test_a_client_sends_as_its_wallet_through_one_door(poor: PoorClient) -> None:
    own = poor.client._own
    assert own is not None
    doors = {
        id(part._transactions)
        for part in (poor.client.payments, poor.client.session_keys, own.terminations)
    }
    assert len(doors) == 1


async def test_two_processes_fund_and_authorize_at_once(world: Onchain) -> None:
    key = Account.from_key(secrets.token_bytes(32)).address
    until_s = int(time.time()) + 3600
    async with poor_client(world) as one, one.elsewhere() as other:
        hasten(one.client, other)
        await asyncio.gather(
            one.client.fund(usdfc("4")),
            other.session_keys.authorize(key, UPLOADING, expires_s=until_s, origin="test"),
        )
        assert (await one.deposited(), await one.sent()) == (usdfc("4"), 2)


async def test_two_processes_at_once_fund_once(world: Onchain) -> None:
    async with poor_client(world) as one, one.elsewhere() as other:
        hasten(one.client, other)
        outcomes = await asyncio.gather(one.client.fund(usdfc("4")), other.fund(usdfc("4")))
        # signing gives the same bytes in the same second, so both may have sent the same one
        assert len({done.receipt.tx_hash for done in outcomes if done.receipt is not None}) == 1
        assert await one.deposited() == usdfc("4")


async def test_a_permit_that_was_overtaken_is_planned_anew(
    poor: PoorClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another process deposits a part just after this one has looked."""
    payments = poor.client.payments
    plan = payments._planned

    async def slow(need: StorageWish | int, purse: object) -> object:
        monkeypatch.setattr(payments, "_planned", plan)
        planned = await plan(need, purse)
        async with poor.elsewhere() as elsewhere:
            await elsewhere.fund(usdfc("1"))
        return planned

    monkeypatch.setattr(payments, "_planned", slow)
    funding = await poor.client.fund(usdfc("4"))
    assert funding.plan.deposit == usdfc("3")
    assert await poor.deposited() == usdfc("4")


async def test_a_lost_receipt_is_found_by_the_next_call(
    poor: PoorClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    transactions = poor.client.payments._transactions
    assert transactions is not None
    monkeypatch.setattr(transactions, "_receipt_s", 0.0)
    await poor.world.node("evm_setAutomine", False)
    try:
        with pytest.raises(NotConfirmedYet, match="has no receipt yet"):
            await poor.client.fund(usdfc("4"))
        with pytest.raises(NotConfirmedYet, match="earlier transaction"):
            await poor.client.fund(usdfc("4"))
        monkeypatch.undo()
        waiting = asyncio.create_task(poor.client.fund(usdfc("4")))
        await asyncio.sleep(0.3)
        assert not waiting.done()
    finally:
        await poor.world.node("evm_setAutomine", True)
        await poor.world.node("evm_mine")
    assert (await waiting).receipt is None
    assert (await poor.deposited(), await poor.sent()) == (usdfc("4"), 1)


async def test_the_ceiling_holds_and_names_itself(world: Onchain) -> None:
    async with poor_client(world, ceiling="3") as poor:
        for refused in (poor.client.fund, poor.client.payments.plan):
            with pytest.raises(FundingTooLarge, match=r"3.5 USDFC exceeds the ceiling of 3 USDFC"):
                await refused(usdfc("3.5"))
        assert await poor.sent() == 0
        assert (await poor.client.fund(usdfc("3"))).receipt is not None
        assert (await poor.client.fund(usdfc("3.5"))).plan.deposit == usdfc("0.5")


async def test_a_wallet_with_too_little(poor: PoorClient) -> None:
    with pytest.raises(InsufficientFunds, match=r"holds 50 USDFC, and 1 more are needed"):
        await poor.client.fund(usdfc("51"))
    assert await poor.sent() == 0


async def test_a_wallet_without_fil(poor: PoorClient) -> None:
    await poor.world.node("anvil_setBalance", poor.address, "0x0")
    with pytest.raises(InsufficientFunds, match="too little FIL for gas"):
        await poor.client.fund(usdfc("1"))


async def test_a_plan_sends_nothing(poor: PoorClient) -> None:
    plan = await poor.client.payments.plan(WISH)
    assert (plan.approve, plan.usdfc, plan.available) == (True, 50 * ATTO, 0)
    assert (await poor.sent(), await poor.deposited()) == (0, 0)


async def test_without_a_key_nothing_is_funded(world: Onchain) -> None:
    async with await FilecoinClient.open(world.settings(), None) as client:
        with pytest.raises(SettingsInvalid, match="VIBESFLOW_PRIVATE_KEY"):
            await client.fund(1)


async def test_an_exact_deposit_lets_exactly_that_upload_through(poor: PoorClient) -> None:
    """The preflight and the contracts agree before and after, to the unit."""
    cids = await stored(poor.client, 3)
    request = await request_for(poor.client, cids)
    provider = await provider_of(poor.client)
    sizes = [200] * 3
    refused = await poor.client.preflight(sizes, provider.provider_id)
    assert not refused.ok
    with pytest.raises((InsufficientFunds, ApprovalMissing)):
        await poor.client.submit(request)
    funding = await poor.client.fund(
        StorageWish(tuple(sizes), provider_ids=(provider.provider_id,))
    )
    assert funding.plan.deposit == refused.missing
    assert (await poor.client.preflight(sizes, provider.provider_id)).ok
    await confirmed(poor.client, request, await poor.client.submit(request))
    assert await poor.deposited() == refused.missing - refused.quote.costs.fees


async def test_a_wallet_that_approved_nobody_waits_until_it_does(poor: PoorClient) -> None:
    await poor.client.fund(usdfc("2.5"))
    places = poor.world.places
    await poor.pay("setOperatorApproval", places.usdfc, places.fwss, False, 0, 0, 0)
    request = await request_for(poor.client, await stored(poor.client))
    with pytest.raises(ApprovalMissing, match="approve FWSS in Filecoin Pay") as caught:
        await poor.client.submit(request)
    assert (caught.value.code, caught.value.retry) == ("approval_missing", RetryClass.WAIT)
    assert (caught.value.reason, caught.value.retry_after_s) == ("OperatorNotApproved", 30)
    await poor.client.fund(0)
    await confirmed(poor.client, request, await poor.client.submit(request))


async def test_one_unit_less_than_the_lockup_is_refused_by_the_contracts(poor: PoorClient) -> None:
    provider = await provider_of(poor.client)
    checked = await poor.client.preflight([200], provider.provider_id)
    await poor.client.fund(checked.quote.costs.lockup - 1)
    request = await request_for(poor.client, await stored(poor.client))
    with pytest.raises(InsufficientFunds, match="deposit USDFC"):
        await poor.client.submit(request)
    await poor.client.fund(checked.quote.costs.lockup)
    await confirmed(poor.client, request, await poor.client.submit(request))
