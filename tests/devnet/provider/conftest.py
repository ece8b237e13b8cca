from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

import httpx
import pytest

from devnet.chain.accounts import provider_account
from devnet.chain.deploy import deploy
from devnet.chain.node import ChainNode
from devnet.chain.providers import ProviderSpec
from devnet.ports import free_port
from tests.devnet.provider.disturbed import Disturbed
from tests.devnet.provider.payer import Payer
from tests.devnet.provider.process import ProviderProcess, World
from vibesflow.filecoin import FilecoinClient, Signer
from vibesflow.settings import FilecoinSettings


@pytest.fixture(scope="session")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    folder = tmp_path_factory.mktemp("provider-world")
    with ChainNode(log=folder / "anvil.log") as node:
        exported = folder / "devnet.json"
        first, second = (
            ProviderProcess(
                free_port(),
                provider_account(number),
                folder / str(number),
                node.rpc_url,
                exported,
                ("--admin",),
            )
            for number in (1, 2)
        )
        specs = [
            ProviderSpec(one.account.name, one.url, one.account.private_key)
            for one in (first, second)
        ]
        info = deploy(node.rpc_url, specs, exported)
        first.start()
        second.start()
        yield World(node.rpc_url, info, first, second)
        assert first.stop() == 0
        assert second.stop() == 0


@pytest.fixture
async def http(world: World) -> AsyncIterator[httpx.AsyncClient]:
    """A client of the first provider."""
    async with httpx.AsyncClient(base_url=world.first.url, trust_env=False) as client:
        yield client


@pytest.fixture
async def second_http(world: World) -> AsyncIterator[httpx.AsyncClient]:
    """A client of the second provider."""
    async with httpx.AsyncClient(base_url=world.second.url, trust_env=False) as client:
        yield client


@pytest.fixture
async def first(http: httpx.AsyncClient) -> AsyncIterator[Disturbed]:
    """The first provider, disturbed by the test and healed after it."""
    disturbed = Disturbed(http)
    yield disturbed
    await disturbed.heal()


@pytest.fixture
async def second(second_http: httpx.AsyncClient) -> AsyncIterator[Disturbed]:
    """The second provider, disturbed by the test and healed after it."""
    disturbed = Disturbed(second_http)
    yield disturbed
    await disturbed.heal()


@pytest.fixture
async def client(world: World) -> AsyncIterator[FilecoinClient]:
    """The library's own client, of the devnet's first user."""
    settings = FilecoinSettings(
        devnet_info=world.first.devnet_info,
        private_key=world.info.info.users[0].private_key_hex,
    )
    async with await FilecoinClient.open(settings, Signer.load(settings)) as opened:
        yield opened


@pytest.fixture
def payer(world: World) -> Payer:
    """A payer with a data set of its own to come at the first provider."""
    return Payer(world.info, world.first.account.address)
