"""Lists: complete, in order, without repeats, and never a Scan."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from mypy_boto3_dynamodb import DynamoDBClient
from pydantic import SecretStr

from tests.ledger.records import RTA, completion, new, opening, row
from tests.ledger.watch import Watch
from vibesflow.errors import InvalidCursor
from vibesflow.ledger import DynamoLedger, create_tables
from vibesflow.settings import TableSettings
from vibesflow.stream.records import RowStatus, RowWrite, StreamPage, StreamRecord

NOW = datetime(2026, 3, 15, 12, tzinfo=UTC)
FIRST = datetime(2023, 2, 1, tzinfo=UTC)


def iso(moment: datetime) -> str:
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{moment.microsecond // 1000:03d}Z"


def complete_at(ledger: DynamoLedger, rta_id: str, at: str, creator: str = "a") -> StreamRecord:
    ledger.open_stream(opening(rta_id, creator=creator, at=at))
    ledger.settle_rows(rta_id, [new(1, rta_id=rta_id)])
    return ledger.complete_stream(completion(2, rta_id=rta_id, at=at, chunks=1))


@pytest.fixture
def settings(table_settings: TableSettings) -> TableSettings:
    return table_settings.model_copy(update={"first_month": "2023-02"})


@pytest.fixture
def ledger(client: DynamoDBClient, settings: TableSettings, watch: Watch) -> DynamoLedger:
    create_tables(settings, client=client)
    return DynamoLedger(settings, client=client, clock=lambda: NOW)


@pytest.fixture
def three_years(ledger: DynamoLedger) -> list[StreamRecord]:
    """Return 72 streams, newest first; each third one is of creator "b"; 2024 was quiet."""
    streams = []
    for number in range(72):
        at = FIRST + (NOW - FIRST) * number / 71
        if at.year == 2024:
            at = at.replace(year=2025, month=1, day=1) + timedelta(seconds=number)
        creator = "b" if number % 3 == 0 else "a"
        streams.append(complete_at(ledger, f"rta_{number:03d}", iso(at), creator))
    return sorted(streams, key=lambda s: (s.completed_at, s.rta_id), reverse=True)


def walk(
    read: Callable[..., StreamPage], limit: int, between: Callable[[], object] = lambda: None
) -> list[StreamPage]:
    pages = [read(limit=limit)]
    while pages[-1].next_cursor is not None:
        between()
        pages.append(read(limit=limit, cursor=pages[-1].next_cursor))
    return pages


def streams_of(pages: list[StreamPage]) -> list[StreamRecord]:
    return [stream for page in pages for stream in page.streams]


def test_three_years_come_back_whole_and_newest_first(
    ledger: DynamoLedger, three_years: list[StreamRecord], watch: Watch
) -> None:
    for limit in (1, 7, 25, 1_000):
        watch.operations.clear()
        pages = walk(ledger.list_completed, limit)
        assert streams_of(pages) == three_years
        assert all(len(page.streams) <= limit for page in pages)
        assert set(watch.operations) == {"Query"}


def test_a_quiet_year_costs_a_request_at_most_twelve_queries(
    ledger: DynamoLedger, three_years: list[StreamRecord], watch: Watch
) -> None:
    cursor = None
    while True:
        watch.operations.clear()
        page = ledger.list_completed(limit=50, cursor=cursor)
        assert len(watch.operations) <= 12
        cursor = page.next_cursor
        if cursor is None:
            break


def test_streams_that_complete_meanwhile_shift_nothing(
    ledger: DynamoLedger, three_years: list[StreamRecord]
) -> None:
    later = iter(range(1_000))

    def one_more() -> None:
        number = next(later)
        complete_at(ledger, f"rta_new_{number:03d}", iso(NOW + timedelta(seconds=number)))

    assert streams_of(walk(ledger.list_completed, 10, between=one_more)) == three_years
    assert next(later) > 4


def test_a_clock_that_is_a_little_ahead_hides_no_stream(
    ledger: DynamoLedger, client: DynamoDBClient, settings: TableSettings
) -> None:
    midnight = datetime(2026, 3, 31, 23, 59, 50, tzinfo=UTC)
    complete_at(ledger, RTA, iso(midnight + timedelta(seconds=20)))
    reader = DynamoLedger(settings, client=client, clock=lambda: midnight)
    assert [stream.rta_id for stream in reader.list_completed(limit=5).streams] == [RTA]


def test_the_streams_of_a_creator(
    ledger: DynamoLedger, three_years: list[StreamRecord], watch: Watch
) -> None:
    def of_b(**query: object) -> StreamPage:
        return ledger.list_completed(creator="b", **query)  # type: ignore[arg-type]

    watch.operations.clear()
    pages = walk(of_b, 7)
    assert streams_of(pages) == [s for s in three_years if s.creator == "b"]
    assert watch.operations == ["Query"] * len(pages)
    assert ledger.list_completed(limit=5, creator="nobody").streams == ()
    assert ledger.list_completed(limit=5, creator="").streams == ()


def test_a_stream_that_reopened_stays_in_its_place(
    ledger: DynamoLedger, three_years: list[StreamRecord]
) -> None:
    oldest = three_years[-1]
    ledger.reopen_stream(oldest.rta_id, version=1, at=iso(NOW))
    listed = streams_of(walk(ledger.list_completed, 50))
    assert [s.rta_id for s in listed] == [s.rta_id for s in three_years]
    assert (listed[-1].is_complete, listed[-1].document_version) == (False, 1)
    assert [s.rta_id for s in ledger.list_open(limit=5).streams] == [oldest.rta_id]
    rev = ledger.settle_rows(oldest.rta_id, [new(2, rta_id=oldest.rta_id)]) + 4
    ledger.complete_stream(completion(rev, version=2, rta_id=oldest.rta_id, chunks=2, at=iso(NOW)))
    listed = streams_of(walk(ledger.list_completed, 50))
    assert [s.rta_id for s in listed] == [s.rta_id for s in three_years]
    assert (listed[-1].document_version, listed[-1].completed_at) == (2, iso(NOW))
    assert ledger.list_open(limit=5).streams == ()


def test_open_streams_newest_first(ledger: DynamoLedger) -> None:
    for number in range(30):
        at = iso(NOW + timedelta(minutes=number))
        ledger.open_stream(opening(f"rta_{number:02d}", at=at))
    complete_at(ledger, "rta_done", iso(NOW))
    records = streams_of(walk(ledger.list_open, 7))
    assert [record.rta_id for record in records] == [f"rta_{n:02d}" for n in reversed(range(30))]
    assert all(record.rev == 1 and not record.is_complete for record in records)
    assert all(a.opened_at > b.opened_at for a, b in pairwise(records))


def test_streams_with_parked_chunks_are_listed_until_the_last_one_is_stored(
    ledger: DynamoLedger,
) -> None:
    for number, status in enumerate((RowStatus.FAILED, RowStatus.PINNED, RowStatus.PROCESSING)):
        rta_id = f"rta_{number}"
        ledger.open_stream(opening(rta_id))
        write = new(1, status, rta_id=rta_id, with_piece=status is RowStatus.PROCESSING)
        ledger.settle_rows(rta_id, [write, new(2, rta_id=rta_id)])
    complete_at(ledger, "rta_done", iso(NOW))
    listed = streams_of(walk(ledger.list_parked, 1))
    assert [s.rta_id for s in listed] == ["rta_1", "rta_0"]
    assert [(s.failed, s.pinned, s.uploaded, s.chunks) for s in listed] == [
        (0, 1, 1, 2),
        (1, 0, 1, 2),
    ]
    for previous, status, left in (
        (RowStatus.PINNED, RowStatus.FAILED, ["rta_1", "rta_0"]),
        (RowStatus.FAILED, RowStatus.UPLOADED, ["rta_0"]),
    ):
        later = row(1, status, rta_id="rta_1", with_piece=status is RowStatus.UPLOADED)
        ledger.settle_rows("rta_1", [RowWrite(row=later, previous=previous)])
        assert [s.rta_id for s in ledger.list_parked(limit=5).streams] == left
    repaired = ledger.get_stream("rta_1")
    assert repaired is not None
    assert (repaired.failed, repaired.pinned, repaired.uploaded) == (0, 0, 2)


def test_a_crash_before_a_stream_leaves_the_parked_ones_is_made_good(
    ledger: DynamoLedger, client: DynamoDBClient, settings: TableSettings
) -> None:
    ledger.open_stream(opening())
    ledger.settle_rows(RTA, [new(1, RowStatus.FAILED)])
    repair = RowWrite(row=row(1, RowStatus.UPLOADED), previous=RowStatus.FAILED)
    ledger.settle_rows(RTA, [repair])
    client.update_item(
        TableName=settings.metadata_name,
        Key={"rta_id": {"S": RTA}},
        UpdateExpression="SET #s = :s, #t = :t",
        ExpressionAttributeNames={"#s": "parked_shard", "#t": "parked_sort"},
        ExpressionAttributeValues={":s": {"S": "parked#0"}, ":t": {"S": "then"}},
    )
    assert ledger.list_parked(limit=5).streams == ()
    assert ledger.settle_rows(RTA, [repair]) == 0
    item = client.get_item(TableName=settings.metadata_name, Key={"rta_id": {"S": RTA}})["Item"]
    assert "parked_shard" not in item


def test_nothing_is_an_empty_page(ledger: DynamoLedger) -> None:
    assert streams_of(walk(ledger.list_completed, 5)) == []
    assert ledger.list_open(limit=5) == StreamPage(streams=())


def test_a_cursor_that_was_touched_is_refused(
    ledger: DynamoLedger, three_years: list[StreamRecord]
) -> None:
    cursor = ledger.list_completed(limit=5).next_cursor
    assert cursor is not None
    touched = [cursor[:n] + ("A" if cursor[n] != "A" else "B") + cursor[n + 1 :] for n in (0, 30)]
    for forged in (*touched, cursor[:-4], cursor + "AAAA", "", "x", "näh", "=" * 9, "A" * 200):
        if forged:
            with pytest.raises(InvalidCursor):
                ledger.list_completed(limit=5, cursor=forged)


def test_a_cursor_is_good_for_its_own_query_only(
    ledger: DynamoLedger, three_years: list[StreamRecord]
) -> None:
    for number in range(6):
        ledger.open_stream(opening(f"rta_open_{number}"))
    completed = ledger.list_completed(limit=5).next_cursor
    of_a = ledger.list_completed(limit=5, creator="a").next_cursor
    being_recorded = ledger.list_open(limit=5).next_cursor
    assert None not in (completed, of_a, being_recorded)
    wrong: list[Callable[[], object]] = [
        lambda: ledger.list_completed(limit=5, cursor=of_a),
        lambda: ledger.list_completed(limit=5, cursor=being_recorded),
        lambda: ledger.list_completed(limit=5, creator="b", cursor=of_a),
        lambda: ledger.list_completed(limit=5, creator="a", cursor=completed),
        lambda: ledger.list_open(limit=5, cursor=completed),
    ]
    for call in wrong:
        with pytest.raises(InvalidCursor):
            call()


def test_processes_that_share_the_secret_share_cursors(
    ledger: DynamoLedger,
    client: DynamoDBClient,
    settings: TableSettings,
    three_years: list[StreamRecord],
) -> None:
    def process(secret: str | None) -> DynamoLedger:
        own = settings.model_copy(update={"cursor_secret": secret and SecretStr(secret)})
        return DynamoLedger(own, client=client, clock=lambda: NOW)

    cursor = process("one").list_completed(limit=5).next_cursor
    assert process("one").list_completed(limit=5, cursor=cursor).streams == tuple(three_years[5:10])
    for other in (process("two"), process(None), ledger):
        with pytest.raises(InvalidCursor):
            other.list_completed(limit=5, cursor=cursor)
