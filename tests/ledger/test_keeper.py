"""What an audit does to the table: copies move, lists follow, counters stay."""

from __future__ import annotations

import pytest

from tests.ledger.records import AT, CREATOR, RTA, completion, detail, new, opening, piece_cid, row
from vibesflow.errors import LedgerMoved, StreamNotFound
from vibesflow.ledger import DynamoLedger
from vibesflow.stream.records import (
    AuditMark,
    CopyMove,
    Relisting,
    RowCopy,
    RowStatus,
    StreamRecord,
)

COPIES = tuple(
    RowCopy(provider_id=n, base_url=f"https://p{n}.example/piece/", data_set_id=n * 10, piece_id=n)
    for n in (3, 2)
)


@pytest.fixture(autouse=True)
def completed(ledger: DynamoLedger) -> StreamRecord:
    ledger.open_stream(opening())
    ledger.settle_rows(RTA, [new(n) for n in range(3)])
    return ledger.complete_stream(completion(standing(ledger).rev))


def standing(ledger: DynamoLedger) -> StreamRecord:
    record = ledger.get_stream(RTA)
    assert record is not None
    return record


def move(number: int, **changes: object) -> CopyMove:
    fields = {"chunk_id": row(number).chunk_id, "piece_cid": piece_cid(number), "copies": COPIES}
    return CopyMove.model_validate(fields | changes)


def test_rows_come_in_slices(ledger: DynamoLedger) -> None:
    first = ledger.rows_after(RTA, None, limit=2)
    assert [r.sequence for r in first] == [0, 1]
    assert [r.sequence for r in ledger.rows_after(RTA, first[-1].chunk_id, limit=2)] == [2]
    assert ledger.rows_after(RTA, row(2).chunk_id, limit=2) == ()
    assert ledger.rows_after("rta_other", None, limit=2) == ()


def test_copies_move_only_from_where_they_were_seen(ledger: DynamoLedger) -> None:
    first = COPIES[:1]
    ledger.move_copies(RTA, [move(0, before=(), copies=first)])
    for outdated in ((), COPIES):
        with pytest.raises(LedgerMoved):
            ledger.move_copies(RTA, [move(0, before=outdated)])
    assert ledger.rows_after(RTA, None, limit=1)[0].copies == first
    ledger.move_copies(RTA, [move(0, before=first)])
    assert ledger.rows_after(RTA, None, limit=1)[0].copies == COPIES


def test_moved_copies_change_where_and_nothing_else(
    ledger: DynamoLedger, completed: StreamRecord
) -> None:
    before = ledger.rows_after(RTA, None, limit=9)
    ledger.move_copies(RTA, [move(0), move(2)])
    after = ledger.rows_after(RTA, None, limit=9)
    assert after[1] == before[1]
    for number in (0, 2):
        where = {
            "copies": COPIES,
            "provider_id": 3,
            "data_set_id": 30,
            "piece_id": 3,
            "retrieval_url": f"https://p3.example/piece/{piece_cid(number)}",
        }
        assert after[number] == before[number].model_copy(update=where)
    assert standing(ledger) == completed.model_copy(update={"rev": completed.rev + 1})


@pytest.mark.parametrize(
    "wrong", [{"piece_cid": piece_cid(8)}, {"chunk_id": row(9).chunk_id}], ids=["cid", "chunk"]
)
def test_rows_that_are_not_what_was_audited_stay(
    ledger: DynamoLedger, completed: StreamRecord, wrong: dict[str, object]
) -> None:
    before = ledger.rows_after(RTA, None, limit=9)
    with pytest.raises(LedgerMoved):
        ledger.move_copies(RTA, [move(0), move(1, **wrong)])
    assert ledger.rows_after(RTA, None, limit=9) == before
    assert standing(ledger) == completed


def test_a_row_that_is_not_confirmed_is_not_moved(ledger: DynamoLedger) -> None:
    ledger.reopen_stream(RTA, version=1, at=AT)
    ledger.settle_rows(RTA, [new(5, RowStatus.PROCESSING)])
    with pytest.raises(LedgerMoved):
        ledger.move_copies(RTA, [move(5)])
    ledger.move_copies(RTA, [move(0)])  # a reopened stream's confirmed rows may move


def test_lists_show_where_pieces_are_now(ledger: DynamoLedger, completed: StreamRecord) -> None:
    ledger.move_copies(RTA, [move(0)])
    rev = standing(ledger).rev
    details = tuple(
        detail(n).model_copy(update={"url": f"https://p3.example/{n}"}) for n in range(3)
    )
    listing = Relisting(
        rta_id=RTA, rev=rev, details=details, data_set_id="30", filcdn_base="https://p3.example"
    )
    ledger.relist(listing)
    (listed,) = ledger.list_completed(limit=9, creator=CREATOR).streams
    assert (listed.detail_rev, listed.data_set_id, listed.filcdn_base) == (
        rev,
        "30",
        "https://p3.example",
    )
    assert (listed.first_chunk_url, listed.last_chunk_url) == (details[0].url, details[-1].url)
    assert ledger.details([(RTA, rev)])[RTA] == details
    same = {"document_version", "metadata_cid", "completed_at", "total_bytes", "chunks"}
    assert listed.model_dump(include=same) == completed.model_dump(include=same)
    with pytest.raises(LedgerMoved):
        ledger.relist(listing)


def test_a_reopened_stream_is_not_relisted(ledger: DynamoLedger) -> None:
    reopened = ledger.reopen_stream(RTA, version=1, at=AT)
    with pytest.raises(LedgerMoved):
        ledger.relist(Relisting(rta_id=RTA, rev=reopened.rev, details=()))


def test_an_audit_is_noted_and_disturbs_no_completion(
    ledger: DynamoLedger, completed: StreamRecord
) -> None:
    mark = AuditMark(rta_id=RTA, at="2025-11-23T00:00:00.000Z", result="repaired")
    ledger.note_audit(mark)
    noted = {"audited_at": mark.at, "audit_result": "repaired"}
    assert standing(ledger) == completed.model_copy(update=noted)
    with pytest.raises(StreamNotFound):
        ledger.note_audit(mark.model_copy(update={"rta_id": "rta_other"}))
