from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from tests.fakes.streams import FakeStreams
from tests.samples import AT, CREATOR, RTA, chunk_ref, chunk_row, chunk_view
from vibesflow.errors import NothingToComplete, StreamNotFound, TemporalDown
from vibesflow.ledger import DynamoLedger, create_tables
from vibesflow.query import StreamCompleter, StreamReader, UploadReader
from vibesflow.query import reader as reader_module
from vibesflow.staging.files import FileStaging
from vibesflow.stream.document import details_of
from vibesflow.stream.records import Completion, RowStatus, RowWrite, StreamOpening
from vibesflow.stream.status import ChunkPage, ChunkPhase, StreamState


@pytest.fixture
def ledger(table_settings):
    create_tables(table_settings)
    return DynamoLedger(table_settings, clock=lambda: datetime(2025, 7, 1, tzinfo=UTC))


@pytest.fixture
def streams():
    return FakeStreams()


@pytest.fixture
def reader(ledger, streams) -> Iterator[StreamReader]:
    opened = StreamReader(ledger, streams, threads=3)
    yield opened
    opened.close()


def write(ledger, rows, rta_id=RTA):
    ledger.open_stream(StreamOpening(rta_id=rta_id, creator=CREATOR, opened_at=AT))
    ledger.settle_rows(rta_id, [RowWrite(row=row) for row in rows])


def finish(ledger, rows, rta_id=RTA, at="2025-06-05T10:00:00.000Z"):
    write(ledger, rows, rta_id)
    record = ledger.get_stream(rta_id)
    return ledger.complete_stream(
        Completion(
            rta_id=rta_id,
            version=record.document_version + 1,
            rev=record.rev,
            metadata_cid="bafkzcibdocument",
            completed_at=at,
            details=details_of(rows),
        )
    )


async def test_unknown(reader):
    assert await reader.stream(RTA) is None
    assert await reader.record(RTA) is None
    assert await reader.row(RTA, chunk_row(0).chunk_id) is None


async def test_table_and_stream_together(reader, ledger, streams):
    write(ledger, [chunk_row(0)])
    await streams.submit(chunk_ref(1))
    view = await reader.stream(RTA)
    assert [entry.sequence for entry in view.chunks] == [0, 1]
    assert (view.live, view.creator) == (True, CREATOR)


async def test_a_silent_stream_is_left_out_and_the_view_says_so(reader, ledger, streams):
    write(ledger, [chunk_row(0)])
    await streams.submit(chunk_ref(1))
    streams.has_worker = False
    view = await reader.stream(RTA)
    assert ([entry.sequence for entry in view.chunks], view.live) == ([0], False)


async def test_a_chunk_that_moves_into_the_table_meanwhile_is_not_lost(
    reader, ledger, streams, monkeypatch
):
    chunk = chunk_ref(0)
    await streams.submit(chunk)
    asked = streams.chunks

    async def answer_then_settle(rta_id, **paging):
        page = await asked(rta_id, **paging)
        if chunk.key in streams.runs[RTA].chunks:
            streams.forget(chunk)
            write(ledger, [chunk_row(0)])
        return page

    monkeypatch.setattr(streams, "chunks", answer_then_settle)
    view = await reader.stream(RTA)
    assert [entry.status for entry in view.chunks] == [RowStatus.UPLOADED]


async def test_long_streams_are_asked_page_by_page(reader, streams, monkeypatch):
    monkeypatch.setattr(reader_module, "LIVE_PAGE", 7)
    for sequence in range(30):
        await streams.submit(chunk_ref(sequence))
    view = await reader.stream(RTA)
    assert [entry.sequence for entry in view.chunks] == list(range(30))


async def test_a_stream_that_shrinks_between_pages_hides_no_chunk(reader, streams, monkeypatch):
    monkeypatch.setattr(reader_module, "LIVE_PAGE", 5)
    held = [chunk_view(n, ChunkPhase.RECEIVED) for n in range(20)]
    asked = []

    async def settle_three_after_each_page(_rta_id, *, offset=0, limit=1_000):
        asked.append(offset)
        page = ChunkPage(chunks=tuple(held[offset : offset + limit]), total=len(held))
        del held[:3]
        return page

    monkeypatch.setattr(streams, "chunks", settle_three_after_each_page)
    await streams.submit(chunk_ref(0))
    view = await reader.stream(RTA)
    still_held = {entry.sequence for entry in held}
    assert still_held <= {entry.sequence for entry in view.chunks}
    assert len(asked) < 15


async def test_a_run_that_ends_between_pages_ends_the_paging(reader, streams, monkeypatch):
    monkeypatch.setattr(reader_module, "LIVE_PAGE", 2)
    for sequence in range(5):
        await streams.submit(chunk_ref(sequence))
    asked = streams.chunks

    async def once(rta_id, *, offset=0, limit=1_000):
        return None if offset else await asked(rta_id, offset=offset, limit=limit)

    monkeypatch.setattr(streams, "chunks", once)
    assert len((await reader.stream(RTA)).chunks) == 2


async def test_temporal_down(reader, ledger, streams):
    streams.down = True
    with pytest.raises(TemporalDown):
        await reader.stream(RTA)
    write(ledger, [chunk_row(0)])
    with pytest.raises(TemporalDown):
        await reader.stream(RTA)
    finish(ledger, [chunk_row(1)])
    assert (await reader.stream(RTA)).is_complete


async def test_pages_of_completed_streams_carry_their_snapshots(reader, ledger):
    for number in range(5):
        rows = [chunk_row(n, rta_id=f"rta_{number}") for n in range(number + 1)]
        finish(ledger, rows, f"rta_{number}", at=f"2025-06-05T10:0{number}:00.000Z")
    first = await reader.completed(limit=3)
    second = await reader.completed(limit=3, cursor=first.next_cursor)
    shown = [*first.streams, *second.streams]
    assert [stream.record.rta_id for stream in shown] == [f"rta_{n}" for n in (4, 3, 2, 1, 0)]
    assert [len(stream.details) for stream in shown] == [5, 4, 3, 2, 1]
    assert second.next_cursor is None


async def test_years_of_silence_do_not_look_like_an_empty_archive(table_settings, streams):
    create_tables(table_settings)
    late = DynamoLedger(table_settings, clock=lambda: datetime(2029, 3, 1, tzinfo=UTC))
    finish(late, [chunk_row(0)])
    reader = StreamReader(late, streams)
    page = await reader.completed(limit=10)
    reader.close()
    assert [stream.record.rta_id for stream in page.streams] == [RTA]


async def test_census_walks_its_pages_and_says_when_it_stops(reader, ledger, monkeypatch):
    monkeypatch.setattr(reader_module, "MAX_PAGE", 2)
    for number in range(5):
        write(ledger, [chunk_row(0, rta_id=f"rta_{number}")], f"rta_{number}")
    census = await reader.census()
    assert ({s.record.rta_id for s in census.open}, census.truncated) == (
        {f"rta_{n}" for n in range(5)},
        False,
    )
    monkeypatch.setattr(reader_module, "CENSUS_PAGES", 2)
    census = await reader.census()
    assert (len(census.open), census.truncated) == (4, True)


async def test_the_event_loop_turns_while_the_table_is_read(reader, ledger, monkeypatch):
    entered, release = threading.Event(), threading.Event()

    def wait(_rta_id):
        entered.set()
        assert release.wait(10)

    monkeypatch.setattr(ledger, "get_stream", wait)
    asked = asyncio.create_task(reader.record(RTA))
    while not entered.is_set():
        await asyncio.sleep(0.01)
    assert not asked.done()
    release.set()
    await asked


async def test_no_more_table_calls_at_once_than_threads(reader, ledger, monkeypatch):
    lock, now, most = threading.Lock(), 0, 0

    def count(_rta_id):
        nonlocal now, most
        with lock:
            now += 1
            most = max(most, now)
        threading.Event().wait(0.02)
        with lock:
            now -= 1

    monkeypatch.setattr(ledger, "get_stream", count)
    await asyncio.gather(*(reader.record(RTA) for _ in range(20)))
    assert most == 3


async def test_completing_what_nobody_knows(reader, streams):
    with pytest.raises(StreamNotFound):
        await StreamCompleter(reader, streams).complete(RTA)


async def test_completing_an_ended_run_that_has_nothing(reader, ledger, streams):
    write(ledger, [chunk_row(0, RowStatus.FAILED)])
    with pytest.raises(NothingToComplete):
        await StreamCompleter(reader, streams).complete(RTA)


async def test_completing_twice(reader, ledger, streams):
    finish(ledger, [chunk_row(0), chunk_row(1)])
    reply = await StreamCompleter(reader, streams).complete(RTA)
    assert (reply.already, reply.state, reply.chunks) == (True, StreamState.COMPLETE, 2)
    assert (reply.document_version, reply.total_duration_ms) == (1, 120_000)


async def test_an_upload_of_an_unconfirmed_row_prefers_the_running_stream(
    reader, ledger, streams, tmp_path
):
    chunk = chunk_ref(0)
    write(ledger, [chunk_row(0, RowStatus.PROCESSING)])
    await streams.submit(chunk)
    streams.move(chunk, ChunkPhase.PARKED, error="refused")
    view = await UploadReader(reader, FileStaging(tmp_path)).find(chunk.chunk_id)
    assert (view.state, view.entry.error) == ("failed", "refused")
