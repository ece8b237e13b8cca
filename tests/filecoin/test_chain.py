"""Reads that go wrong, on the real chain."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from tests.filecoin.onchain import Onchain
from vibesflow.errors import ChainFault, ContractReverted, NotConfirmedYet
from vibesflow.filecoin import Network, network_of
from vibesflow.filecoin.chain import Chain
from vibesflow.filecoin.rpc import Rpc

NOBODY = "0x" + "77" * 20


@pytest.fixture
def network(world: Onchain) -> Network:
    return network_of(world.settings())


@pytest.fixture
async def rpc(network: Network) -> AsyncIterator[Rpc]:
    opened = Rpc(network.rpc_urls, network.chain_id)
    yield opened
    await opened.close()


async def test_an_address_without_a_contract_is_named(rpc: Rpc, network: Network) -> None:
    with pytest.raises(ChainFault, match=r"unreadable answer to getProviderIds\(\)"):
        await Chain(rpc, replace(network, endorsements=NOBODY)).endorsed_provider_ids()


async def test_another_contract_is_named(rpc: Rpc, network: Network) -> None:
    wrong = replace(network, fwss=network.endorsements)
    with pytest.raises(ChainFault, match=r"refuses viewContractAddress\(\)"):
        await Chain(rpc, wrong).approved_provider_ids()


async def test_a_set_that_is_not_there(rpc: Rpc, network: Network) -> None:
    chain = Chain(rpc, network)
    with pytest.raises(NotConfirmedYet, match="has not seen data set 999999"):
        await chain.data_set(999_999)
    assert (await chain.data_set(0)).data_set_id == 0
    (details,) = await chain.data_set_details([999_999])
    assert (details.live, details.leaf_count) == (False, 0)
    with pytest.raises(ContractReverted) as caught:
        await chain.next_piece_id(999_999)
    assert caught.value.reason == "DataSetNotLive"


async def test_lists_longer_than_a_page(
    rpc: Rpc, network: Network, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("vibesflow.filecoin.chain._PROVIDERS_A_PAGE", 1)
    monkeypatch.setattr("vibesflow.filecoin.chain._IDS_A_PAGE", 1)
    chain = Chain(rpc, network)
    assert [entry.provider_id for entry in await chain.providers()] == [1, 2, 3, 4]
    assert await chain.approved_provider_ids() == {1, 2, 4}
    assert await chain.endorsed_provider_ids() == {1, 3, 4}
