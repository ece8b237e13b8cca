from __future__ import annotations

from collections.abc import AsyncIterator

import httpx
import pytest

from devnet.probes import PLAIN_HTTP
from tests.filecoin.onchain import Onchain, onchain
from tests.filecoin.small_server import SmallServer, small_server
from vibesflow.filecoin import FilecoinClient
from vibesflow.filecoin.provider import Provider
from vibesflow.filecoin.provider_http import ProviderHttp


@pytest.fixture
async def http() -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(trust_env=False, verify=PLAIN_HTTP) as client:
        yield client


@pytest.fixture
async def server() -> AsyncIterator[SmallServer]:
    async with small_server() as served:
        yield served


@pytest.fixture
def provider(http: httpx.AsyncClient, server: SmallServer) -> Provider:
    """A client of the small server; its GETs are repeated without pauses."""
    return Provider(ProviderHttp(http, server.url, get_pauses_s=(0, 0)))


@pytest.fixture(scope="session")
async def whole_world(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Onchain]:
    async with onchain(tmp_path_factory.mktemp("onchain")) as running:
        yield running


@pytest.fixture
def world(whole_world: Onchain) -> Onchain:
    """Chain and providers of the session, undisturbed."""
    for front in whole_world.fronts:
        front.calm()
    return whole_world


@pytest.fixture
async def client(world: Onchain) -> AsyncIterator[FilecoinClient]:
    """A client of a payer who has no data set yet."""
    async with await world.open(await world.payer()) as opened:
        yield opened
