from __future__ import annotations

from tests.api.door import NOW
from tests.samples import CREATOR, RTA, chunk_id_of, chunk_row
from vibesflow.stream.records import RowStatus

OPENED = "2024-04-06T01:20:00.000Z"


async def test_nothing_yet(door):
    reply = await door.client.get("/api/all-rtas")
    assert reply.json() == {
        "success": True,
        "summary": {"total": 0, "complete": 0, "incomplete": 0, "completable": 0},
        "complete_rtas": [],
        "incomplete_rtas": [],
        "truncated": False,
    }


async def test_complete_and_incomplete_streams(door):
    await door.complete(
        [chunk_row(0, rta_id="rta_done"), chunk_row(1, RowStatus.FAILED, rta_id="rta_done")],
        rta_id="rta_done",
        at=OPENED,
        opened_at=OPENED,
    )
    rows = [chunk_row(0), chunk_row(1, RowStatus.PROCESSING), chunk_row(2, RowStatus.FAILED)]
    rows.append(chunk_row(3, chunk_id=chunk_id_of(3, is_final=True), is_final=True))
    await door.write_rows(rows, opened_at=OPENED)
    await door.write_rows(
        [chunk_row(0, RowStatus.FAILED, rta_id="rta_stuck")], rta_id="rta_stuck", opened_at=OPENED
    )
    reply = (await door.client.get("/api/all-rtas")).json()
    assert reply["summary"] == {"total": 3, "complete": 1, "incomplete": 2, "completable": 1}
    assert reply["complete_rtas"] == [
        {"rta_id": "rta_done", "creator": CREATOR, "chunks": 2, "upload_time": OPENED}
    ]
    by_id = {rta["rta_id"]: rta for rta in reply["incomplete_rtas"]}
    hours = (NOW.hour * 60 + NOW.minute - 80) / 60
    assert by_id[RTA] == {
        "rta_id": RTA,
        "creator": CREATOR,
        "upload_time": OPENED,
        "age_hours": round(hours),
        "total_chunks": 4,
        "valid_chunks": 3,
        "final_chunks": 1,
        "can_complete": True,
        "completion_url": f"/api/complete-rta/{RTA}",
    }
    assert by_id["rta_stuck"]["can_complete"] is False


async def test_a_reopened_stream_is_counted_once_as_incomplete(door):
    record = await door.complete([chunk_row(0)], at=OPENED, opened_at=OPENED)
    door.ledger.reopen_stream(RTA, version=record.document_version, at=OPENED)
    reply = (await door.client.get("/api/all-rtas")).json()
    assert reply["summary"] == {"total": 1, "complete": 0, "incomplete": 1, "completable": 1}
