"""Where looking for what waits in the table begins: confirmed rows are not paid for again."""

from __future__ import annotations

from collections.abc import Iterator

from activities.messages import LoadRows
from activities.streams import StreamActivities
from tests.fakes.ledger import MemoryLedger
from tests.samples import CREATOR
from tests.stream.chunks import make_chunk
from vibesflow.stream.ids import parse_chunk_id
from vibesflow.stream.records import ChunkRow, RowStatus, RowWrite, StreamOpening
from vibesflow.stream.shelf import Shelf
from vibesflow.stream.tracking import TrackedChunk

CHUNKS = [make_chunk(n) for n in range(30)]
RTA_ID = CHUNKS[0].rta_id
KEYS = [chunk.key for chunk in CHUNKS]


def put(shelf: Shelf, *numbers: int, status: RowStatus = RowStatus.PROCESSING) -> None:
    for number in numbers:
        shelf.put(status, key=KEYS[number], has_piece=False)


def row(number: int, status: RowStatus = RowStatus.PROCESSING) -> ChunkRow:
    return TrackedChunk(ref=CHUNKS[number]).to_row(status, written_at="t")


def test_a_look_begins_at_the_first_that_waits() -> None:
    shelf = Shelf()
    put(shelf, 0, status=RowStatus.FAILED)
    put(shelf, 20, 18, 19)
    assert shelf.since == KEYS[18]
    for number in (18, 19, 20):
        shelf.take(row(number))
    put(shelf, 25)
    assert shelf.since == KEYS[25]


def test_a_shelf_that_does_not_know_looks_from_the_first_row() -> None:
    shelf = Shelf(received=1)  # of a run that began before shelves knew
    put(shelf, 20)
    assert shelf.since == ""
    odd = Shelf()
    put(odd, 20)
    odd.put_row(row(3).model_copy(update={"chunk_id": "of other software"}))
    assert odd.since == ""


class CountingLedger(MemoryLedger):
    """Counts the rows that were read."""

    def __init__(self) -> None:
        super().__init__()
        self.seen = 0

    def list_chunks(self, rta_id: str, *, after: str = "", since: str = "") -> Iterator[ChunkRow]:
        for each in super().list_chunks(rta_id, after=after, since=since):
            self.seen += 1
            yield each


def ledger_with(*waiting: int) -> CountingLedger:
    ledger = CountingLedger()
    ledger.open_stream(StreamOpening(rta_id=RTA_ID, creator=CREATOR, opened_at="t"))
    rows = [
        row(n, RowStatus.PROCESSING if n in waiting else RowStatus.UPLOADED)
        for n in range(len(CHUNKS))
    ]
    ledger.settle_rows(RTA_ID, [RowWrite(row=each) for each in rows])
    return ledger


def test_rows_before_it_are_not_read() -> None:
    ledger = ledger_with(26, 28)
    request = LoadRows(rta_id=RTA_ID, since=KEYS[26], received=True)
    page = StreamActivities(ledger).load_rows(request)
    assert [each.sequence for each in page.rows] == [26, 28]
    assert ledger.seen == 4


def test_a_wrong_idea_of_it_loses_nothing() -> None:
    ledger = ledger_with(3)
    request = LoadRows(rta_id=RTA_ID, since=KEYS[10], received=True)
    page = StreamActivities(ledger).load_rows(request)
    assert [parse_chunk_id(each.chunk_id).key for each in page.rows] == [KEYS[3]]
    assert not page.found_none
