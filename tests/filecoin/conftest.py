from __future__ import annotations

from collections.abc import AsyncIterator

import httpx
import pytest

from tests.filecoin.small_server import SmallServer, small_server
from vibesflow.filecoin.provider import Provider
from vibesflow.filecoin.provider_http import ProviderHttp


@pytest.fixture
async def http() -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(trust_env=False) as client:
        yield client


@pytest.fixture
async def server() -> AsyncIterator[SmallServer]:
    async with small_server() as served:
        yield served


@pytest.fixture
def provider(http: httpx.AsyncClient, server: SmallServer) -> Provider:
    """A client of the small server; its GETs are repeated without pauses."""
    return Provider(ProviderHttp(http, server.url, get_pauses_s=(0, 0)))
