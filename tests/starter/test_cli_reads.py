import asyncio
import json

import pytest
from temporalio.client import WorkflowExecutionStatus

from starter.cli.exits import ExitCode
from tests.samples import AT, CREATOR, T0_MS, chunk_row
from tests.starter.terminal import words
from vibesflow.media import encode_melody
from vibesflow.settings import TemporalSettings
from vibesflow.stream.records import (
    ChunkDetail,
    Completion,
    RowStatus,
    RowWrite,
    StreamOpening,
)
from workflows.client import StreamClient, connect
from workflows.messages import workflow_id


def open_stream(ledger, rta_id, *rows, creator=CREATOR):
    ledger.open_stream(StreamOpening(rta_id=rta_id, creator=creator, opened_at=AT))
    ledger.settle_rows(rta_id, [RowWrite(row=row) for row in rows])


def complete_stream(ledger, rta_id, *, completed_at="2025-06-01T12:00:00.000Z"):
    record = ledger.get_stream(rta_id)
    details = [
        ChunkDetail(chunk_id=row.chunk_id, piece_cid=row.piece_cid, size=row.size)
        for row in ledger.list_chunks(rta_id)
        if row.piece_cid
    ]
    completion = Completion(
        rta_id=rta_id,
        version=record.document_version + 1,
        rev=record.rev,
        metadata_cid=f"bafkzcibdocument{rta_id[-1]}",
        completed_at=completed_at,
        details=tuple(details),
    )
    ledger.complete_stream(completion)


async def is_running(environment, rta_id) -> bool:
    settings = TemporalSettings(address=environment["VIBESFLOW_TEMPORAL_ADDRESS"])
    handle = (await connect(settings)).get_workflow_handle(workflow_id(rta_id))
    found = (await handle.describe()).status is WorkflowExecutionStatus.RUNNING
    await handle.terminate()
    return found


@pytest.fixture
def recorded(vibesflow, tmp_path):
    """A stream that Temporal has accepted and no worker has touched."""
    song = tmp_path / "song.webm"
    song.write_bytes(encode_melody(0.5))
    return vibesflow.json("record", str(song))["rta_id"]


def test_status_of_a_completed_stream(vibesflow, ledger):
    rta = "rta_1_done"
    rows = [chunk_row(n, rta_id=rta) for n in range(3)]
    failed = chunk_row(3, RowStatus.FAILED, rta_id=rta)
    open_stream(ledger, rta, *rows, failed)
    complete_stream(ledger, rta)

    answer = vibesflow.json("status", rta, "--chunks")
    listed = answer.pop("chunk_list")
    assert [entry["piece_cid"] for entry in listed] == [*(row.piece_cid for row in rows), None]
    assert listed[3]["error"] == failed.error
    assert answer == {
        "rta_id": rta,
        "creator": CREATOR,
        "state": "complete",
        "live": False,
        "chunks": {"total": 4, "processing": 0, "uploaded": 3, "failed": 1, "pinned": 0},
        "duration_ms": 240_000,
        "bytes": sum(row.size for row in [*rows, failed]),
        "missing": [],
        "document_version": 1,
        "metadata_cid": "bafkzcibdocumente",
        "data_set_id": answer["data_set_id"],
        "storage_provider": answer["storage_provider"],
        "window_s": None,
        "closes_at": None,
        "waiting_for": None,
        "last_error": None,
        "web_ui": "http://127.0.0.1:8233/namespaces/default/workflows/rta%3Arta_1_done",
    }
    assert "chunk_list" not in vibesflow.json("status", rta)


def test_status_for_people(vibesflow, ledger):
    rta = "rta_1_gaps"
    rows = [chunk_row(n, rta_id=rta) for n in (0, 2, 5)]
    open_stream(ledger, rta, *rows, chunk_row(6, RowStatus.FAILED, rta_id=rta))
    text = words(vibesflow("status", rta, "--chunks").stdout)
    assert f"{rta} by {CREATOR}" in text
    assert "recording; no worker answers" in text
    assert "3 uploaded, 1 failed, 4:00" in text
    assert f"Missing 1, 3, 4 (session {T0_MS})" in text
    assert "no provider took it" in text
    for row in rows:
        assert row.piece_cid in text


def test_status_of_a_stream_that_only_temporal_knows(vibesflow, ledger, recorded):
    answer = vibesflow.json("status", recorded)
    assert (answer["state"], answer["live"]) == ("recording", False)
    assert answer["chunks"]["total"] == 0


@pytest.mark.parametrize("name", ["status", "complete", "retry"])
def test_an_unknown_stream_is_not_found(vibesflow, ledger, name):
    result = vibesflow(name, "rta_1_unknown", "--json")
    assert result.exit_code == ExitCode.NOT_FOUND
    assert result.stdout == ""
    assert "rta_1_unknown" in result.stderr


@pytest.mark.parametrize("name", ["status", "complete", "retry"])
def test_what_is_no_stream_id_is_refused(vibesflow, name):
    result = vibesflow(name, "not an id")
    assert result.exit_code == ExitCode.INPUT
    assert "invalid_rta_id" in result.stderr


@pytest.mark.parametrize("name", ["status", "complete", "retry"])
def test_a_table_that_is_down_is_named(vibesflow, name):
    vibesflow.environment["VIBESFLOW_TABLE_ENDPOINT"] = "http://127.0.0.1:9"
    result = vibesflow(name, "rta_1_unknown")
    assert result.exit_code == ExitCode.DEPENDENCY_DOWN
    assert "table_down" in result.stderr


def test_list_shows_the_newest_first_and_no_more_than_asked(vibesflow, ledger):
    for n in range(4):
        open_stream(ledger, f"rta_1_{n}", chunk_row(0, rta_id=f"rta_1_{n}"))
        complete_stream(ledger, f"rta_1_{n}", completed_at=f"2025-06-0{n + 1}T12:00:00.000Z")
    open_stream(ledger, "rta_1_open", chunk_row(0, rta_id="rta_1_open"))

    answer = vibesflow.json("list", "--limit", "3")
    assert [entry["rta_id"] for entry in answer] == ["rta_1_3", "rta_1_2", "rta_1_1"]
    assert answer[0] == {
        "rta_id": "rta_1_3",
        "creator": CREATOR,
        "is_complete": True,
        "opened_at": AT,
        "completed_at": "2025-06-04T12:00:00.000Z",
        "chunks": 1,
        "uploaded": 1,
        "failed": 0,
        "duration_ms": 60_000,
        "bytes": chunk_row(0).size,
        "document_version": 1,
        "metadata_cid": "bafkzcibdocument3",
    }
    assert len(vibesflow.json("list")) == 4
    assert [entry["rta_id"] for entry in vibesflow.json("list", "--open")] == ["rta_1_open"]


def test_list_goes_through_all_pages(vibesflow, ledger, monkeypatch):
    monkeypatch.setattr("starter.cli.list_streams._PAGE", 2)
    for n in range(5):
        open_stream(ledger, f"rta_1_{n}", chunk_row(0, rta_id=f"rta_1_{n}"))
    assert len(vibesflow.json("list", "--open")) == 5
    for n in range(5):
        complete_stream(ledger, f"rta_1_{n}", completed_at=f"2025-06-0{n + 1}T12:00:00.000Z")
    assert len(vibesflow.json("list")) == 5
    assert len(vibesflow.json("list", "--limit", "3")) == 3


@pytest.mark.parametrize("kind", ["open", "completed"])
def test_list_of_one_creator(vibesflow, ledger, kind):
    for rta_id, creator in (("rta_1_a", "ann"), ("rta_1_b", "bob"), ("rta_1_c", "ann")):
        open_stream(ledger, rta_id, chunk_row(0, rta_id=rta_id, creator=creator), creator=creator)
        if kind == "completed":
            complete_stream(ledger, rta_id)
    arguments = ["list", "--creator", "ann", *(["--open"] if kind == "open" else [])]
    assert {entry["rta_id"] for entry in vibesflow.json(*arguments)} == {"rta_1_a", "rta_1_c"}


def test_list_for_people(vibesflow, ledger):
    assert vibesflow("list").stdout.strip() == "No streams."
    open_stream(
        ledger, "rta_1_a", chunk_row(0, rta_id="rta_1_a"),
        chunk_row(1, RowStatus.FAILED, rta_id="rta_1_a"),
    )  # fmt: skip
    complete_stream(ledger, "rta_1_a")
    text = words(vibesflow("list").stdout)
    assert f"rta_1_a {CREATOR} {AT} complete, version 1 2 1 1:00 0.00 MB" in text


def test_complete_says_when_it_was_complete_already(vibesflow, ledger):
    open_stream(ledger, "rta_1_done", chunk_row(0, rta_id="rta_1_done"))
    complete_stream(ledger, "rta_1_done")
    answer = vibesflow.json("complete", "rta_1_done")
    assert answer == {
        "rta_id": "rta_1_done",
        "state": "complete",
        "already": True,
        "document_version": 1,
        "metadata_cid": "bafkzcibdocumente",
        "chunks": 1,
        "total_duration_ms": 60_000,
    }
    text = words(vibesflow("complete", "rta_1_done").stdout)
    assert "was complete already: version 1, 1 chunks, 1:00" in text


def test_complete_of_a_stream_without_a_piece_falls_short(vibesflow, ledger):
    open_stream(ledger, "rta_1_f", chunk_row(0, RowStatus.FAILED, rta_id="rta_1_f"))
    result = vibesflow("complete", "rta_1_f")
    assert result.exit_code == ExitCode.INCOMPLETE
    assert "nothing_to_complete" in result.stderr


def test_complete_that_takes_longer_falls_short_and_says_so(vibesflow, recorded, monkeypatch):
    monkeypatch.setitem(StreamClient.complete.__kwdefaults__, "wait_s", 0.5)
    result = vibesflow("complete", recorded, "--json")
    assert result.exit_code == ExitCode.INCOMPLETE
    assert json.loads(result.stdout)["state"] == "finishing"
    assert "goes on by itself" in result.stderr


def test_retry_signals_a_stream_with_failed_chunks(vibesflow, ledger, environment):
    rta = "rta_1_failed"
    open_stream(ledger, rta, chunk_row(0, rta_id=rta), chunk_row(1, RowStatus.FAILED, rta_id=rta))
    complete_stream(ledger, rta)
    assert vibesflow.json("retry", rta) == {"rta_id": rta, "failed": 1, "signalled": True}
    assert asyncio.run(is_running(environment, rta))


def test_retry_of_one_chunk_counts_that_chunk_alone(vibesflow, ledger):
    rta = "rta_1_two_failed"
    rows = [chunk_row(n, RowStatus.FAILED, rta_id=rta) for n in (1, 2)]
    open_stream(ledger, rta, chunk_row(0, rta_id=rta), *rows)
    complete_stream(ledger, rta)
    told = vibesflow.json("retry", rta, "--chunk", rows[0].chunk_id)
    assert told == {"rta_id": rta, "failed": 1, "signalled": True}
    assert vibesflow("retry", rta, "--chunk", "rta_other_chunk_000_1").exit_code == ExitCode.USAGE
    unknown = rows[0].chunk_id.replace("chunk_001", "chunk_007")
    assert "upload_not_found" in vibesflow("retry", rta, "--chunk", unknown).stderr


def test_retry_all_finds_every_stream_with_failed_chunks(vibesflow, ledger, environment):
    failed = [f"rta_all_{n}" for n in range(2)]
    for rta in failed:
        open_stream(ledger, rta, chunk_row(0, RowStatus.FAILED, rta_id=rta))
    open_stream(ledger, "rta_all_fine", chunk_row(0, rta_id="rta_all_fine"))
    told = vibesflow.json("retry", "--all")
    assert {"rta_id": failed[0], "failed": 1, "signalled": True} in told
    assert {"rta_id": failed[1], "failed": 1, "signalled": True} in told
    assert "rta_all_fine" not in {one["rta_id"] for one in told}
    assert all(asyncio.run(is_running(environment, rta)) for rta in failed)


def test_retry_wants_a_stream_or_all(vibesflow):
    assert vibesflow("retry").exit_code == ExitCode.USAGE
    assert vibesflow("retry", "rta_1", "--all").exit_code == ExitCode.USAGE


def test_retry_leaves_a_stream_alone_where_nothing_failed(vibesflow, ledger):
    rta = "rta_1_fine"
    open_stream(ledger, rta, chunk_row(0, rta_id=rta))
    complete_stream(ledger, rta)
    assert vibesflow.json("retry", rta) == {"rta_id": rta, "failed": 0, "signalled": False}
    assert "No chunk has failed" in vibesflow("retry", rta).stdout


def test_retry_tells_a_stream_that_does_not_answer(vibesflow, ledger, recorded):
    assert vibesflow.json("retry", recorded)["signalled"] is True
