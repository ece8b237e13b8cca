"""Rounds of audit on skipped time: lost copies are found, made anew, and written down."""

from __future__ import annotations

from datetime import timedelta

import pytest
from temporalio.testing import WorkflowEnvironment

from activities import copy_checking
from tests.stream.chunks import make_chunk
from tests.workflows.auditor import Auditor
from tests.workflows.harness import StreamHarness
from vibesflow.audit.report import AuditReport, Phase, StreamHealth
from vibesflow.filecoin.chain_views import DataSetHealth
from workflows import limits

pytestmark = pytest.mark.copies(2)


@pytest.fixture
async def auditor(
    skipped_time: WorkflowEnvironment, streams: StreamHarness, monkeypatch: pytest.MonkeyPatch
) -> Auditor:
    """A worker's own pauses pass in real time: the lost disks here are read again soon."""
    monkeypatch.setattr(copy_checking, "PAUSE_S", 0.02)
    return Auditor(skipped_time, streams)


async def test_a_healthy_archive_is_left_as_it_is(auditor: Auditor, rta_id: str) -> None:
    await auditor.complete(rta_id)
    commits = len(auditor.streams.filecoin.commits)
    before = auditor.streams.record(rta_id)
    report = await auditor.run()
    assert report.is_healthy
    assert report.phase is Phase.DONE
    assert (report.figures.pieces, report.figures.good, report.figures.bad) == (4, 8, 0)
    assert report.widened == report.problems == []
    assert len(auditor.streams.filecoin.commits) == commits
    record = auditor.streams.record(rta_id)
    assert record.audit_result == StreamHealth.GOOD
    assert record.audited_at == report.ended_at or record.audited_at
    assert record.rev == before.rev


async def test_a_lost_disk_is_made_up_for_in_one_round(auditor: Auditor, rta_id: str) -> None:
    await auditor.complete(rta_id)
    auditor.lose(1)
    report = await auditor.run()
    assert report.is_healthy, report
    assert (report.figures.repaired, report.figures.short, report.figures.lost) == (4, 0, 0)
    assert report.widened == [1]
    assert auditor.holders(rta_id) == [[2, 3]] * 3
    record = auditor.streams.record(rta_id)
    assert record.audit_result == StreamHealth.REPAIRED
    details = auditor.streams.ledger.snapshots[rta_id, record.detail_rev or 0]
    assert {detail.data_set_id for detail in details} == {2}
    assert all((detail.url or "").startswith("http://provider-2.test") for detail in details)
    assert record.filcdn_base == "http://provider-2.test/piece"
    assert (3, record.metadata_cid) in auditor.streams.filecoin.pieces
    assert set(auditor.streams.filecoin.paid.values()) == {1}
    again = await auditor.run()
    assert (again.figures.bad, again.figures.repaired, again.widened) == (0, 0, [])


async def test_one_bad_sample_widens_to_the_whole_data_set(auditor: Auditor, rta_id: str) -> None:
    """Documents are always read, so a share of nothing finds a lost disk and all that was on it."""
    for number in range(3):
        await auditor.complete(f"{rta_id}_{number}", chunks=5)
    auditor.lose(1)
    report = await auditor.run(share=0)
    assert report.widened == [1]
    assert report.figures.repaired == 3 * 6
    for number in range(3):
        assert auditor.holders(f"{rta_id}_{number}") == [[2, 3]] * 5


async def test_more_losses_than_fit_one_step_are_all_repaired(
    auditor: Auditor, rta_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A stream of two slices, and pages after which the round continues as new."""
    monkeypatch.setattr(limits, "AUDIT_EVENTS", 10)
    monkeypatch.setattr(limits, "AUDIT_PAGE", 1)
    await auditor.complete(f"{rta_id}_long", chunks=18)
    await auditor.complete(f"{rta_id}_short", chunks=1)
    auditor.lose(2)
    handle = await auditor.start()
    report = await handle.result()
    assert report.figures.repaired == 19 + 2
    assert auditor.holders(f"{rta_id}_long") == [[1, 3]] * 18
    client, run_id = auditor.streams.client, handle.first_execution_run_id
    first = client.get_workflow_handle(handle.id, run_id=run_id)
    last = (await first.fetch_history()).events[-1]
    assert last.HasField("workflow_execution_continued_as_new_event_attributes")


async def test_altered_bytes_count_as_lost(auditor: Auditor, rta_id: str) -> None:
    await auditor.complete(rta_id, chunks=2)
    pieces = auditor.streams.filecoin.pieces
    key = next(key for key in pieces if key[0] == 2)
    pieces[key] = b"x" + pieces[key][1:]
    report = await auditor.run()
    assert (report.figures.bad, report.figures.repaired, report.widened) == (1, 1, [2])
    assert sorted(map(tuple, auditor.holders(rta_id))) == [(1, 2), (1, 3)]


@pytest.mark.parametrize(
    "health",
    [
        DataSetHealth(live=False, end_epoch=0, overdue_epochs=0),
        DataSetHealth(live=True, end_epoch=900, overdue_epochs=0),
        DataSetHealth(live=True, end_epoch=0, overdue_epochs=5_000),
    ],
    ids=["gone", "ended", "overdue"],
)
async def test_a_data_set_that_the_chain_gives_up_is_replaced(
    auditor: Auditor, rta_id: str, health: DataSetHealth
) -> None:
    await auditor.complete(rta_id, chunks=2)
    filecoin = auditor.streams.filecoin
    filecoin.health_of[1] = health
    filecoin.full = {1}
    report = await auditor.run()
    assert report.is_healthy
    assert report.figures.repaired == 3
    assert auditor.holders(rta_id) == [[2, 3]] * 2


async def test_a_proof_within_the_grace_is_no_fault(auditor: Auditor, rta_id: str) -> None:
    await auditor.complete(rta_id, chunks=1)
    late = DataSetHealth(live=True, end_epoch=0, overdue_epochs=100)
    auditor.streams.filecoin.health_of[1] = late
    assert (await auditor.run()).figures.bad == 0


async def test_a_silent_provider_gets_time_to_come_back(
    skipped_time: WorkflowEnvironment, auditor: Auditor, rta_id: str
) -> None:
    await auditor.complete(rta_id)
    commits = len(auditor.streams.filecoin.commits)
    auditor.streams.filecoin.silent = {1}
    handle = await auditor.start(patience_s=3_600)
    await skipped_time.sleep(timedelta(minutes=30))
    waiting = await handle.query("status", result_type=AuditReport)
    assert (waiting.phase, waiting.figures.doubtful) == (Phase.WAITING, 4)
    auditor.streams.filecoin.silent = set()
    report = await handle.result()
    assert report.is_healthy
    assert report.figures.bad == 0
    assert len(auditor.streams.filecoin.commits) == commits


async def test_a_provider_that_stays_silent_is_replaced(auditor: Auditor, rta_id: str) -> None:
    await auditor.complete(rta_id)
    auditor.streams.filecoin.silent = {1}
    report = await auditor.run(patience_s=60)
    assert report.is_healthy
    assert auditor.holders(rta_id) == [[2, 3]] * 3


async def test_a_provider_that_refuses_a_copy_is_not_asked_twice(
    auditor: Auditor, rta_id: str
) -> None:
    filecoin = auditor.streams.filecoin
    await auditor.complete(rta_id, chunks=2)
    auditor.lose(2)
    filecoin.refuses_pulls = {3}
    report = await auditor.run()
    assert report.is_healthy, report
    assert auditor.holders(rta_id) == [[1, 2]] * 2  # nobody else takes it: it was brought back
    assert set(filecoin.paid.values()) == {1}


async def test_a_provider_whose_books_outlive_its_disk_is_not_believed(
    auditor: Auditor, rta_id: str
) -> None:
    """Disk after disk is lost; that the chain still lists a piece somewhere proves nothing."""
    filecoin = auditor.streams.filecoin
    await auditor.complete(rta_id, chunks=2)
    auditor.lose(1)
    assert (await auditor.run()).is_healthy
    assert auditor.holders(rta_id) == [[2, 3]] * 2
    auditor.lose(2)
    filecoin.believes_its_books = {1}
    report = await auditor.run()
    assert report.is_healthy, report
    assert all(len(holders) == 2 for holders in auditor.holders(rta_id))
    assert set(filecoin.paid.values()) == {1}


async def test_without_any_provider_the_shortage_is_told(auditor: Auditor, rta_id: str) -> None:
    filecoin = auditor.streams.filecoin
    await auditor.complete(rta_id, chunks=2)
    auditor.lose(2)
    filecoin.full, filecoin.silent = {2, 3}, {2}
    report = await auditor.run(patience_s=1)
    assert not report.is_healthy
    assert report.figures.short >= 3
    assert auditor.streams.record(rta_id).audit_result == StreamHealth.SHORT
    assert any("has 1 of 2 copies" in problem for problem in report.problems)
    for row in auditor.streams.ledger.list_chunks(rta_id):
        assert [copy.provider_id for copy in row.copies] == [1]
    filecoin.full, filecoin.silent = set(), set()
    assert (await auditor.run()).is_healthy
    assert all(len(holders) == 2 for holders in auditor.holders(rta_id))


async def test_staged_bytes_are_the_last_resort(auditor: Auditor, rta_id: str) -> None:
    await auditor.complete(rta_id, chunks=1)
    kept = make_chunk(0, rta_id=rta_id, final=True)
    await auditor.streams.staging.discard(kept.staging_key)
    await auditor.streams.stage(kept)
    (row,) = auditor.streams.ledger.list_chunks(rta_id)
    for provider_id in (1, 2):
        del auditor.streams.filecoin.pieces[provider_id, row.piece_cid or ""]
    report = await auditor.run()
    assert (report.figures.lost, report.figures.repaired) == (0, 1)
    (holders,) = auditor.holders(rta_id)
    assert len(holders) == 2


async def test_what_nobody_holds_is_reported_as_lost(
    auditor: Auditor, rta_id: str, caplog: pytest.LogCaptureFixture
) -> None:
    await auditor.complete(rta_id, chunks=1)
    (row,) = auditor.streams.ledger.list_chunks(rta_id)
    for provider_id in (1, 2):
        del auditor.streams.filecoin.pieces[provider_id, row.piece_cid or ""]
    report = await auditor.run()
    assert (report.figures.lost, report.is_healthy) == (1, False)
    assert auditor.streams.record(rta_id).audit_result == StreamHealth.LOST
    assert any("is lost" in problem for problem in report.problems)
    assert any("is lost everywhere" in record.message for record in caplog.records)
    (unchanged,) = auditor.streams.ledger.list_chunks(rta_id)
    assert unchanged.copies == row.copies


async def test_an_audit_of_one_stream_looks_at_it_whole_and_at_no_other(
    auditor: Auditor, rta_id: str
) -> None:
    await auditor.complete(f"{rta_id}_a", chunks=2)
    await auditor.complete(f"{rta_id}_b", chunks=2)
    auditor.lose(1)
    report = await auditor.run(rta_id=f"{rta_id}_a", share=0)
    assert report.is_healthy
    assert auditor.holders(f"{rta_id}_a") == [[2, 3]] * 2
    assert auditor.streams.record(f"{rta_id}_b").audit_result is None


async def test_a_stream_that_nobody_knows_is_told(auditor: Auditor) -> None:
    report = await auditor.run(rta_id="rta_nobody")
    assert report.problems == ["the table has no stream rta_nobody"]
    assert report.streams == 0


async def test_leftovers_are_released_adopted_or_shown(auditor: Auditor, rta_id: str) -> None:
    await auditor.complete(rta_id, chunks=2)
    staging = auditor.streams.staging
    confirmed = make_chunk(0, rta_id=rta_id)
    await staging.discard(confirmed.staging_key)
    await auditor.streams.stage(confirmed)
    orphan = make_chunk(7, rta_id=rta_id)
    await auditor.streams.stage(orphan)
    stranger = make_chunk(0, rta_id=f"{rta_id}_unknown")
    await auditor.streams.stage(stranger)
    report = await auditor.run()
    left = report.leftovers
    assert (left.released, left.adopted, left.unknown) == (1, 1, 1)
    assert any(stranger.staging_key in problem for problem in report.problems)
    released = await staging.stat(confirmed.staging_key)
    assert released is not None
    assert released.released
    await auditor.streams.result(rta_id)
    assert auditor.streams.record(rta_id).document_version == 2
    assert auditor.streams.ledger.get_chunk(rta_id, orphan.chunk_id) is not None


async def test_staged_bytes_stay_while_a_copy_is_missing_on_chain(
    auditor: Auditor, rta_id: str
) -> None:
    await auditor.complete(rta_id, chunks=1)
    kept = make_chunk(0, rta_id=rta_id, final=True)
    await auditor.streams.staging.discard(kept.staging_key)
    await auditor.streams.stage(kept)
    filecoin = auditor.streams.filecoin
    gone = DataSetHealth(live=False, end_epoch=0, overdue_epochs=0)
    filecoin.health_of = {1: gone, 3: gone}
    filecoin.full = {1, 3}
    report = await auditor.run()
    assert (report.leftovers.kept, report.leftovers.released) == (1, 0)
    staged = await auditor.streams.staging.stat(kept.staging_key)
    assert staged is not None
    assert not staged.released
