"""What can be known of a devnet without a key."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from tests.conformance.onchain import Onchain
from tests.conformance.subject import Subject
from vibesflow.errors import WrongChain
from vibesflow.filecoin import FilecoinClient
from vibesflow.filecoin.payments.reader import PurseReader
from vibesflow.filecoin.rpc import Rpc


@pytest.fixture(scope="module")
async def visitor(subject: Subject) -> AsyncIterator[FilecoinClient]:
    """A client that only reads."""
    async with await FilecoinClient.open(subject.settings(), None) as opened:
        yield opened


async def test_the_registry_has_the_providers_of_the_export(
    subject: Subject, visitor: FilecoinClient
) -> None:
    found = {provider.provider_id: provider for provider in await visitor.providers()}
    for told in subject.info.info.pdp_sps:
        provider = found[told.provider_id]
        assert provider.address == told.eth_addr
        assert (provider.approved, provider.endorsed) == (told.is_approved, told.is_endorsed)
        assert 0 < provider.min_piece_size_bytes < provider.max_piece_size_bytes


async def test_approved_providers_come_first_and_one_of_them_answers(
    visitor: FilecoinClient,
) -> None:
    approved = [provider.approved for provider in await visitor.providers()]
    assert approved == sorted(approved, reverse=True)
    assert approved[0]
    assert (await visitor.choose_provider()).approved


async def test_contracts_are_asked_for_their_neighbours(subject: Subject, onchain: Onchain) -> None:
    told = subject.info.info.contracts
    found = await PurseReader(onchain.reads, subject.network).addresses()
    assert found.pay == told.filecoin_pay_v1_addr
    assert found.usdfc == told.mockusdfc_addr
    assert found.state_view == told.fwss_state_view_addr


async def test_the_price_list(subject: Subject, onchain: Onchain) -> None:
    prices = await PurseReader(onchain.reads, subject.network).prices()
    assert prices.token == subject.info.info.contracts.mockusdfc_addr
    assert prices.storage_per_tib_month > 0
    assert prices.lockup_period_epochs > 0
    assert prices.rate_per_epoch(0) == 0
    assert prices.rate_per_epoch(2**40) > prices.rate_per_epoch(2**20) > 0


async def test_another_chain_id_is_noticed(subject: Subject) -> None:
    rpc = Rpc(subject.network.rpc_urls, 314)
    try:
        with pytest.raises(WrongChain, match="not 314"):
            await rpc.check()
    finally:
        await rpc.close()
