"""Rebuilding into real tables, from an archive in memory."""

from __future__ import annotations

import pytest

from tests.rebuild.archive import MemoryArchive
from tests.rebuild.making import NOW
from tests.stream.chunks import make_chunk
from vibesflow.errors import TableDown, TablesOccupied
from vibesflow.ledger import DynamoLedger, create_tables, tables_exist
from vibesflow.rebuild import Rebuild, RebuildOptions, RebuildReport
from vibesflow.rebuild.facts import Fact
from vibesflow.rebuild.ports import RestoringLedger
from vibesflow.settings import TableSettings
from vibesflow.stream.records import (
    ChunkDetail,
    ChunkRow,
    RowStatus,
    RowWrite,
    StreamOpening,
)
from vibesflow.stream.restoring import RestoredStream

FIRST_AT, SECOND_AT = "2025-11-22T17:00:00.000Z", "2025-12-01T09:00:00.000Z"


@pytest.fixture
def ledger(table_settings: TableSettings) -> DynamoLedger:
    assert not tables_exist(table_settings)
    create_tables(table_settings)
    assert tables_exist(table_settings)
    return DynamoLedger(table_settings)


@pytest.fixture
def archive() -> MemoryArchive:
    return MemoryArchive()


def sound(rta_id: str, number: int) -> bytes:
    return f"{rta_id} {number} ".encode() * 20


def keep(archive: MemoryArchive, rta_id: str, *numbers: int) -> None:
    for number in numbers:
        data = sound(rta_id, number)
        archive.record(make_chunk(number, rta_id=rta_id, content=data), data)


async def run(
    archive: MemoryArchive, ledger: RestoringLedger | None, **options: object
) -> RebuildReport:
    fields = {"payer": "0xpayer", "wanted_copies": 2, "at": NOW, **options}
    return await Rebuild(archive, ledger, RebuildOptions(**fields)).run()  # type: ignore[arg-type]  # checked there


async def complete(archive: MemoryArchive, ledger: DynamoLedger, rta_id: str, at: str) -> None:
    """Publish what a rebuild finds so far as the next version."""
    await run(archive, ledger, among_others=True)
    record = ledger.get_stream(rta_id)
    assert record is not None
    rows = list(ledger.list_chunks(rta_id))
    version = record.document_version + 1
    archive.publish(record, rows, version=version, at=at)


async def test_open_and_complete_streams_are_written(
    archive: MemoryArchive, ledger: DynamoLedger
) -> None:
    keep(archive, "rta_a", 0, 1, 2)
    keep(archive, "rta_b", 0)
    archive.put(b"holiday" * 30, (("name", "holiday.jpg"),))
    report = await run(archive, ledger)
    assert (report.written, report.rows, report.pieces) == (2, 4, 10)
    assert (report.unread_pieces, report.other_data_sets, report.ended_data_sets) == (2, 1, (9,))
    assert [stream.rta_id for stream in report.streams] == ["rta_a", "rta_b"]
    record = ledger.get_stream("rta_a")
    assert record is not None
    assert (record.chunks, record.uploaded, record.failed) == (3, 3, 0)
    assert [s.rta_id for s in ledger.list_open(limit=5).streams] == ["rta_b", "rta_a"]

    again = await run(archive, ledger)
    assert (again.written, again.rows) == (0, 0)


async def test_it_reads_bytes_once(archive: MemoryArchive, ledger: DynamoLedger) -> None:
    keep(archive, "rta_a", 0, 1)
    await run(archive, ledger)
    assert len(archive.reads) == 2
    await run(archive, ledger)
    assert len(archive.reads) == 2


async def test_a_table_from_an_old_backup_catches_up(
    archive: MemoryArchive, ledger: DynamoLedger
) -> None:
    keep(archive, "rta_a", 0)
    await complete(archive, ledger, "rta_a", FIRST_AT)
    await run(archive, ledger)
    first = ledger.get_stream("rta_a")
    assert first is not None
    assert (first.document_version, first.is_complete, first.completed_at) == (1, True, FIRST_AT)
    keep(archive, "rta_a", 1)
    reopened = await run(archive, ledger)
    assert reopened.rows == 1
    assert [stream.rta_id for stream in ledger.list_open(limit=5).streams] == ["rta_a"]
    await complete(archive, ledger, "rta_a", SECOND_AT)
    await run(archive, ledger)
    second = ledger.get_stream("rta_a")
    assert second is not None
    assert (second.document_version, second.is_complete, second.chunks) == (2, True, 2)
    assert second.rev > first.rev
    details = ledger.details([("rta_a", second.detail_rev or 0)])
    assert len(details["rta_a"]) == 2
    listed = ledger.list_completed(limit=5, creator="0xabc").streams
    assert [record.document_version for record in listed] == [2]


async def test_the_newest_document_that_reads_stands_in(
    archive: MemoryArchive, ledger: DynamoLedger
) -> None:
    keep(archive, "rta_a", 0)
    await complete(archive, ledger, "rta_a", FIRST_AT)
    record = ledger.get_stream("rta_a")
    assert record is not None
    keep(archive, "rta_a", 1)
    await run(archive, ledger)
    rows = list(ledger.list_chunks("rta_a"))
    lost = archive.publish(record, rows, version=2, at=SECOND_AT)
    archive.unread.add(lost)
    report = await run(archive, None, dry_run=True)
    (stream,) = report.streams
    assert (stream.version, stream.is_complete) == (1, False)
    assert report.unknown[Fact.DOCUMENT] == 1


async def test_a_parked_chunk_of_a_document_is_listed_and_counted(
    archive: MemoryArchive, ledger: DynamoLedger
) -> None:
    keep(archive, "rta_a", 0)
    await run(archive, ledger)
    record = ledger.get_stream("rta_a")
    assert record is not None
    lost = make_chunk(1, rta_id="rta_a")
    fields = lost.model_dump()
    parked = ChunkRow(**fields, status=RowStatus.FAILED, written_at=SECOND_AT, error="gave up")
    rows = [*ledger.list_chunks("rta_a"), parked]
    archive.publish(record, rows, version=1, at=SECOND_AT)
    await run(archive, ledger)
    assert ledger.get_chunk("rta_a", lost.chunk_id) == parked
    (listed,) = ledger.list_parked(limit=5).streams
    assert (listed.rta_id, listed.is_complete, listed.failed) == ("rta_a", True, 1)


async def test_bytes_that_nobody_gives_back_leave_the_row_out(
    archive: MemoryArchive, ledger: DynamoLedger
) -> None:
    keep(archive, "rta_a", 0, 1)
    cid = archive.pieces_of[11][1].piece_cid
    archive.unread.add(cid)
    report = await run(archive, ledger)
    assert report.unknown[Fact.DIGEST] == 1
    assert report.rows == 1
    archive.unread.clear()
    healed = await run(archive, ledger)
    assert healed.rows == 1
    record = ledger.get_stream("rta_a")
    assert record is not None
    assert (record.chunks, record.uploaded) == (2, 2)


async def test_a_stream_of_which_nothing_reads_is_named(
    archive: MemoryArchive, ledger: DynamoLedger
) -> None:
    keep(archive, "rta_a", 0)
    archive.unread.add(archive.pieces_of[11][0].piece_cid)
    report = await run(archive, ledger)
    assert [stream.rta_id for stream in report.failed] == ["rta_a"]
    assert ledger.get_stream("rta_a") is None


async def test_tables_with_other_streams_are_refused(
    archive: MemoryArchive, ledger: DynamoLedger
) -> None:
    ledger.open_stream(StreamOpening(rta_id="rta_z", creator="c", opened_at=FIRST_AT))
    keep(archive, "rta_a", 0)
    with pytest.raises(TablesOccupied, match="rta_z"):
        await run(archive, ledger)
    assert ledger.get_stream("rta_a") is None
    named = await run(archive, ledger, rta_ids=("rta_a", "rta_nobody"))
    assert (named.rows, named.not_found) == (1, ("rta_nobody",))
    assert (await run(archive, ledger, among_others=True)).written == 0
    assert ledger.get_stream("rta_z") is not None


async def test_what_stands_otherwise_is_named_and_replaced_only_if_asked(
    archive: MemoryArchive, ledger: DynamoLedger
) -> None:
    keep(archive, "rta_a", 0, 1)
    chunk = make_chunk(0, rta_id="rta_a", content=sound("rta_a", 0))
    fields = chunk.model_dump(exclude={"staging_key"})
    row = ChunkRow(**fields, status=RowStatus.FAILED, written_at=FIRST_AT, error="gave up")
    ledger.open_stream(StreamOpening(rta_id="rta_a", creator="0xabc", opened_at=FIRST_AT))
    ledger.settle_rows("rta_a", [RowWrite(row=row)])
    report = await run(archive, ledger)
    assert report.streams[0].differing == ("opened_at", chunk.chunk_id)
    assert ledger.get_chunk("rta_a", chunk.chunk_id) == row
    standing = ledger.get_stream("rta_a")
    assert standing is not None
    assert (standing.chunks, standing.uploaded, standing.failed) == (2, 1, 1)

    await run(archive, ledger, overwrite=True)
    replaced = ledger.get_chunk("rta_a", chunk.chunk_id)
    assert replaced is not None
    assert (replaced.status, replaced.error) == (RowStatus.UPLOADED, None)
    standing = ledger.get_stream("rta_a")
    assert standing is not None
    assert (standing.uploaded, standing.failed) == (2, 0)


class Crashing(DynamoLedger):
    """Ends before the summary is written, or just when somebody else has written it."""

    meanwhile: StreamOpening | None = None

    def restore_stream(self, stream: RestoredStream, *, standing_rev: int | None) -> bool:
        if self.meanwhile is None:
            raise TableDown("the table is gone")
        self.open_stream(self.meanwhile)
        return super().restore_stream(stream, standing_rev=standing_rev)


async def test_it_goes_on_where_it_was_cut_short(
    archive: MemoryArchive, table_settings: TableSettings, ledger: DynamoLedger
) -> None:
    keep(archive, "rta_a", 0, 1)
    with pytest.raises(TableDown):
        await run(archive, Crashing(table_settings))
    assert ledger.get_stream("rta_a") is None
    assert len(list(ledger.list_chunks("rta_a"))) == 2
    report = await run(archive, ledger)
    assert (report.rows, report.written) == (0, 1)
    record = ledger.get_stream("rta_a")
    assert record is not None
    assert record.chunks == 2


async def test_a_stream_that_is_opened_meanwhile_is_counted_right(
    archive: MemoryArchive, table_settings: TableSettings, ledger: DynamoLedger
) -> None:
    keep(archive, "rta_a", 0, 1)
    racing = Crashing(table_settings)
    racing.meanwhile = StreamOpening(rta_id="rta_a", creator="0xabc", opened_at=SECOND_AT)
    report = await run(archive, racing)
    assert report.failed == []
    record = ledger.get_stream("rta_a")
    assert record is not None
    assert (record.chunks, record.uploaded, record.opened_at) == (2, 2, SECOND_AT)


class Restless(DynamoLedger):
    """Somebody writes to the stream whenever its summary is about to be restored."""

    def restore_stream(self, stream: RestoredStream, *, standing_rev: int | None) -> bool:
        return False


async def test_a_stream_that_never_rests_is_named(
    archive: MemoryArchive, table_settings: TableSettings, ledger: DynamoLedger
) -> None:
    keep(archive, "rta_a", 0)
    report = await run(archive, Restless(table_settings))
    assert [stream.rta_id for stream in report.failed] == ["rta_a"]
    assert ledger.get_stream("rta_a") is None


async def test_a_dry_run_writes_nothing(archive: MemoryArchive, ledger: DynamoLedger) -> None:
    keep(archive, "rta_a", 0)
    report = await run(archive, ledger, dry_run=True)
    assert (report.rows, report.written) == (1, 1)
    assert ledger.get_stream("rta_a") is None
    assert list(ledger.list_chunks("rta_a")) == []


def test_the_ledger_is_one_that_restores(ledger: DynamoLedger) -> None:
    restoring: RestoringLedger = ledger
    assert list(restoring.stream_ids()) == []
    assert restoring.get_stream("rta_a") is None
    detail = ChunkDetail(chunk_id="c", piece_cid="p", size=1)
    restoring.restore_snapshot("rta_a", 3, [detail])
    assert ledger.details([("rta_a", 3)]) == {"rta_a": (detail,)}
