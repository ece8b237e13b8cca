"""The ledger sees of each fault of the table what it would see of the real one."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from devnet.ports import LOOPBACK, free_port
from tests.chaos.table_proxy import TableProxy, table_proxy
from vibesflow.errors import TableDown, TableThrottled
from vibesflow.ledger import DynamoLedger, create_tables
from vibesflow.settings import TableSettings
from vibesflow.stream.records import StreamOpening, StreamRecord


@pytest.fixture
async def faulty(table_settings: TableSettings) -> AsyncIterator[tuple[TableProxy, DynamoLedger]]:
    port = free_port()
    assert table_settings.endpoint is not None
    await asyncio.to_thread(create_tables, table_settings)
    async with table_proxy(table_settings.endpoint, port, seed=1) as proxy:
        endpoint = f"http://{LOOPBACK}:{port}"
        yield proxy, DynamoLedger(table_settings.model_copy(update={"endpoint": endpoint}))


async def _open(ledger: DynamoLedger, rta_id: str) -> StreamRecord:
    opening = StreamOpening(rta_id=rta_id, creator="c.near", opened_at="2026-01-01T00:00:00Z")
    return await asyncio.to_thread(ledger.open_stream, opening)


async def test_without_a_fault_all_goes_through(faulty: tuple[TableProxy, DynamoLedger]) -> None:
    proxy, ledger = faulty
    await _open(ledger, "proxied")
    found = await asyncio.to_thread(ledger.get_stream, "proxied")
    assert found is not None
    assert not proxy.struck


async def test_throttling_is_throttling(faulty: tuple[TableProxy, DynamoLedger]) -> None:
    proxy, ledger = faulty
    proxy.strike("throttled", 1)
    with pytest.raises(TableThrottled):
        await _open(ledger, "throttled")
    assert proxy.struck["throttled"] > 1, "boto3 tries again by itself"


async def test_a_lost_answer_was_work_done(faulty: tuple[TableProxy, DynamoLedger]) -> None:
    proxy, ledger = faulty
    proxy.strike("lost-answer", 1)
    with pytest.raises(TableDown):
        await _open(ledger, "answer-lost")
    proxy.heal()
    assert await asyncio.to_thread(ledger.get_stream, "answer-lost") is not None
