"""A payer's way from an empty account to one that pays, in one transaction."""

from __future__ import annotations

import pytest

from tests.conformance.bank import Payer
from tests.conformance.steps import commit_of, committed, stored_many
from tests.conformance.subject import Subject
from vibesflow.errors import ChainFault, InsufficientFunds
from vibesflow.filecoin import ProviderInfo, StorageWish
from vibesflow.filecoin.metadata import Metadata

SIZES = (200, 200)


async def test_an_empty_account_is_told_what_is_missing(
    subject: Subject, fresh_payer: Payer, home: ProviderInfo
) -> None:
    async with await subject.open(fresh_payer.key) as client:
        wallet = await client.wallet()
        assert wallet.payer == fresh_payer.address
        assert wallet.fil > 0
        assert wallet.usdfc > 0
        assert wallet.balance.funds == 0
        assert not wallet.sufficient_funds
        assert not wallet.approval.is_approved
        preflight = await client.preflight(SIZES, home.provider_id)
        assert not preflight.ok
        assert preflight.missing > 0
        assert preflight.needs_approval
        with pytest.raises(InsufficientFunds):
            preflight.require()


async def test_a_provider_does_not_send_what_cannot_be_paid(
    subject: Subject, fresh_payer: Payer, home: ProviderInfo, scope: Metadata
) -> None:
    async with await subject.open(fresh_payer.key) as client:
        cids = await stored_many(client, home, 1)
        with pytest.raises(ChainFault) as caught:
            await client.submit(commit_of(home, cids, scope))
    assert caught.value.reason


async def test_one_transaction_deposits_and_approves(
    subject: Subject, fresh_payer: Payer, home: ProviderInfo, scope: Metadata
) -> None:
    wish = StorageWish(SIZES, provider_ids=(home.provider_id,), scope=scope)
    async with await subject.open(fresh_payer.key) as client:
        before = await client.wallet()
        quote = await client.quote(wish)
        funding = await client.fund(wish)
        assert funding.receipt is not None
        assert funding.plan.deposit == quote.deposit > 0
        after = await client.wallet()
        assert after.balance.funds == quote.deposit
        assert after.usdfc == before.usdfc - quote.deposit
        assert after.is_unlimited
        assert (await client.fund(wish)).receipt is None

        cids = await stored_many(client, home, len(SIZES))
        assert (await client.preflight(SIZES, home.provider_id, scope=scope)).ok
        await committed(client, commit_of(home, cids, scope))
        paying = await client.wallet()
        assert paying.balance.rate_per_epoch == quote.costs.rate_per_epoch


async def test_a_deposit_alone_when_the_service_is_approved(
    subject: Subject, fresh_payer: Payer
) -> None:
    async with await subject.open(fresh_payer.key) as client:
        await client.fund(10**17)
        funding = await client.fund(2 * 10**17)
        assert not funding.plan.approve
        assert (await client.wallet()).balance.available == 2 * 10**17
