from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from devnet.table import TableEngine
from tests.api.door import NOW, Door, open_door
from vibesflow.ledger import DynamoLedger, create_tables
from vibesflow.ledger.port import Ledger
from vibesflow.settings import TableSettings

OLDEST = {"first_month": "2024-01"}


@pytest.fixture
def ledger(table_settings: TableSettings) -> Ledger:
    settings = table_settings.model_copy(update=OLDEST)
    create_tables(settings)
    return DynamoLedger(settings, clock=lambda: NOW)


@pytest_asyncio.fixture
async def door(ledger: Ledger, tmp_path: Path) -> AsyncIterator[Door]:
    async with open_door(ledger, tmp_path / "staging") as opened:
        yield opened


@pytest_asyncio.fixture(scope="session")
async def shut_door(
    table_engine: TableEngine, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Door]:
    """One door for all tests of requests that must leave no trace; it is empty for ever."""
    settings = TableSettings(
        endpoint=table_engine.url, metadata_name="ShutStreams", chunks_name="ShutChunks"
    ).model_copy(update=OLDEST)
    create_tables(settings)
    ledger = DynamoLedger(settings, clock=lambda: NOW)
    async with open_door(ledger, tmp_path_factory.mktemp("shut") / "staging") as opened:
        yield opened
        await opened.assert_untouched()
