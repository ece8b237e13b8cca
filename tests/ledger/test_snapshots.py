"""Snapshots: compressed, cut into parts, written once, read many at a time."""

from __future__ import annotations

import logging
import secrets

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from mypy_boto3_dynamodb import DynamoDBClient

from tests.ledger.records import RTA, completion, detail, new, opening
from tests.ledger.watch import Watch
from vibesflow.ledger import DynamoLedger
from vibesflow.ledger.snapshots import PART_BYTES, pack, unpack
from vibesflow.settings import TableSettings
from vibesflow.stream.records import ChunkDetail

_DETAILS = st.builds(
    ChunkDetail,
    chunk_id=st.text(min_size=1, max_size=200),
    piece_cid=st.text(max_size=70),
    size=st.integers(0, 2**40),
    piece_id=st.none() | st.integers(0, 2**256),
    url=st.none() | st.text(max_size=300),
    owner=st.text(max_size=128),
    is_final=st.booleans(),
)


@settings(deadline=None)
@given(st.lists(_DETAILS, max_size=30))
def test_details_survive(details: list[ChunkDetail]) -> None:
    assert unpack(pack(details)) == tuple(details)


def test_no_part_is_too_large_for_an_item_even_if_nothing_compresses() -> None:
    noisy = [
        ChunkDetail(chunk_id=secrets.token_hex(300), piece_cid=secrets.token_hex(300), size=n)
        for n in range(3_000)
    ]
    parts = pack(noisy)
    assert len(parts) > 1
    assert max(map(len, parts)) <= PART_BYTES
    assert unpack(parts) == tuple(noisy)


def test_the_cut_is_the_same_for_the_same_rows() -> None:
    details = [detail(number) for number in range(4_000)]
    assert pack(details) == pack(details)
    assert len(pack(details)) > 1


def test_a_day_of_chunks_is_small() -> None:
    parts = pack([detail(number) for number in range(1_440)])
    assert sum(map(len, parts)) < 150_000


def test_twenty_thousand_chunks_come_back_whole(
    ledger: DynamoLedger, client: DynamoDBClient, table_settings: TableSettings
) -> None:
    ledger.open_stream(opening())
    ledger.settle_rows(RTA, [new(1)])
    whole = completion(2, chunks=20_000)
    record = ledger.complete_stream(whole)
    assert ledger.details([(RTA, 2)]) == {RTA: whole.details}
    assert DynamoLedger(table_settings, client=client).details([(RTA, 2)]) == {RTA: whole.details}
    assert record.chunks == 1
    assert [row.sequence for row in ledger.list_chunks(RTA)] == [1], "snapshots are no rows"


def test_a_page_of_snapshots_is_one_request_and_then_none(
    ledger: DynamoLedger, watch: Watch
) -> None:
    keys = []
    for number in range(25):
        rta_id = f"rta_{number}"
        ledger.open_stream(opening(rta_id))
        ledger.complete_stream(completion(1, rta_id=rta_id, chunks=number))
        keys.append((rta_id, 1))
    watch.operations.clear()
    found = ledger.details(keys)
    assert watch.operations == ["BatchGetItem"]
    assert found == {f"rta_{n}": tuple(detail(k, f"rta_{n}") for k in range(n)) for n in range(25)}
    assert ledger.details(keys) == found
    assert ledger.details([]) == {}
    assert watch.operations == ["BatchGetItem"]


def test_a_snapshot_that_stands_is_not_overwritten(ledger: DynamoLedger) -> None:
    ledger.open_stream(opening())
    stale = completion(7, chunks=2)
    with pytest.raises(Exception, match="compiled at rev 7"):
        ledger.complete_stream(stale)
    with pytest.raises(Exception, match="compiled at rev 7"):
        ledger.complete_stream(completion(7, chunks=9))
    assert ledger.details([(RTA, 7)])[RTA] == stale.details


def test_a_snapshot_that_is_not_whole_is_left_out_and_logged(
    ledger: DynamoLedger,
    client: DynamoDBClient,
    table_settings: TableSettings,
    caplog: pytest.LogCaptureFixture,
) -> None:
    ledger.open_stream(opening())
    ledger.complete_stream(completion(1, chunks=5_000))
    client.delete_item(
        TableName=table_settings.chunks_name,
        Key={"rta_id": {"S": RTA}, "chunk_key": {"S": "D#0000000001#001"}},
    )
    with caplog.at_level(logging.WARNING):
        assert ledger.details([(RTA, 1), ("rta_other", 3)]) == {}
    assert f"stream {RTA} has no whole snapshot of rev 1" in caplog.text
    assert "stream rta_other has no whole snapshot of rev 3" in caplog.text


def test_memory_is_bounded(
    ledger: DynamoLedger,
    client: DynamoDBClient,
    table_settings: TableSettings,
    watch: Watch,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("vibesflow.ledger.snapshot_store._REMEMBERED_DETAILS", 50)
    reader = DynamoLedger(table_settings, client=client)
    keys = [(f"rta_{number}", 1) for number in range(6)]
    for rta_id, _ in keys:
        ledger.open_stream(opening(rta_id))
        ledger.complete_stream(completion(1, rta_id=rta_id, chunks=10))
        reader.details([(rta_id, 1)])
    watch.operations.clear()
    reader.details(keys[-5:])
    assert watch.operations == []
    reader.details(keys[:1])
    assert watch.operations == ["BatchGetItem"]
