from collections.abc import AsyncIterator

import httpx
import pytest
from temporalio.client import Client

from tests.e2e.table import RawTable
from tests.fixtures.payloads import heavy_payloads
from tests.fixtures.world import RunningWorld


@pytest.fixture(scope="session")
async def light_histories(world: RunningWorld) -> AsyncIterator[None]:
    """When the last test is over, no workflow of the world may have had a heavy payload."""
    yield
    client = await Client.connect(world.ready.temporal, namespace=world.ready.namespace)
    assert await heavy_payloads(client) == []


@pytest.fixture(scope="session")
async def door(world: RunningWorld, light_histories: None) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(base_url=world.ready.api, timeout=30, trust_env=False) as client:
        yield client


@pytest.fixture(scope="session")
def table(world: RunningWorld) -> RawTable:
    return RawTable(world.ready.dynamodb)
