from collections.abc import AsyncIterator

import httpx
import pytest

from tests.e2e.table import RawTable
from tests.fixtures.world import RunningWorld


@pytest.fixture(scope="session")
async def door(world: RunningWorld) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(base_url=world.ready.api, timeout=30, trust_env=False) as client:
        yield client


@pytest.fixture(scope="session")
def table(world: RunningWorld) -> RawTable:
    return RawTable(world.ready.dynamodb)
