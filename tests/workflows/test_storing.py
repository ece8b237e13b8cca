"""Storing, committing and parking, on skipped time (design rules 2, 5, 8 and 9)."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest
from temporalio.testing import WorkflowEnvironment

from tests.stream.chunks import make_chunk
from tests.workflows.harness import StreamHarness
from vibesflow.data_set.orders import PiecesRefused
from vibesflow.errors import (
    CommitUnknown,
    ContractReverted,
    LedgerMoved,
    ProviderDown,
    ProviderLied,
)
from vibesflow.stream.records import Completion, RowStatus, StreamRecord
from vibesflow.stream.status import ChunkPhase, StreamState
from workflows.messages import PIECES_REFUSED


async def test_a_provider_that_lies_or_dies_is_replaced(
    skipped_time: WorkflowEnvironment, streams: StreamHarness, rta_id: str
) -> None:
    streams.filecoin.store_faults = [ProviderLied("another CID")]
    await streams.send(rta_id, 0, final=0)
    await streams.result(rta_id)
    (row,) = streams.ledger.list_chunks(rta_id)
    assert (row.status, row.provider_id) == (RowStatus.UPLOADED, 2)


async def test_one_commit_serves_what_gathered_meanwhile(
    skipped_time: WorkflowEnvironment, streams: StreamHarness, rta_id: str
) -> None:
    streams.filecoin.chain_open = False
    await streams.send(rta_id, *range(10))
    await skipped_time.sleep(timedelta(seconds=20))
    status = await streams.status(rta_id)
    assert (status.stored, status.confirmed) == (10, 0)
    streams.filecoin.chain_open = True
    await skipped_time.sleep(timedelta(seconds=60))
    assert (await streams.status(rta_id)).confirmed == 10
    assert 1 <= len(streams.filecoin.commits) <= 3
    assert set(streams.filecoin.paid.values()) == {1}


async def test_a_lost_answer_never_pays_twice(
    skipped_time: WorkflowEnvironment, streams: StreamHarness, rta_id: str
) -> None:
    streams.filecoin.commit_faults = [CommitUnknown("500"), CommitUnknown("timeout")]
    await streams.send(rta_id, 0, final=0)
    await streams.result(rta_id)
    assert set(streams.filecoin.paid.values()) == {1}


async def test_a_refused_commit_stores_again(
    skipped_time: WorkflowEnvironment, streams: StreamHarness, rta_id: str
) -> None:
    streams.filecoin.commit_faults = [ContractReverted("sub-piece is not stored")]
    await streams.send(rta_id, 0, final=0)
    result = await streams.result(rta_id)
    assert (result.version, result.parked) == (1, 0)
    (row,) = streams.ledger.list_chunks(rta_id)
    assert streams.filecoin.stores[row.piece_cid or ""] == 2


async def test_a_parked_chunk_is_seen_kept_and_retried_after_completion(
    skipped_time: WorkflowEnvironment, streams: StreamHarness, rta_id: str
) -> None:
    lost = make_chunk(1, rta_id=rta_id, final=True)
    await streams.send(rta_id, 0)
    await streams.streams.submit(lost)  # signalled, and its bytes never staged
    result = await streams.result(rta_id)
    assert (result.version, result.parked) == (1, 1)
    rows = {row.sequence: row for row in streams.ledger.list_chunks(rta_id)}
    assert rows[1].status is RowStatus.FAILED
    assert "staging" in (rows[1].error or "")
    await streams.stage(lost)
    await streams.streams.retry(rta_id)
    result = await streams.result(rta_id)
    assert (result.version, result.parked, result.chunks) == (2, 0, 2)
    assert streams.record(rta_id).failed == 0


async def test_a_stream_of_nothing_but_parked_chunks_stalls(
    skipped_time: WorkflowEnvironment, streams: StreamHarness, rta_id: str
) -> None:
    lost = make_chunk(0, rta_id=rta_id)
    await streams.streams.submit(lost)
    result = await streams.result(rta_id)
    assert (result.state, result.version, result.parked) == (StreamState.STALLED, 0, 1)
    assert streams.record(rta_id).failed == 1
    await streams.submit(lost)  # the same chunk again, with bytes this time
    result = await streams.result(rta_id)
    assert (result.state, result.version, result.parked) == (StreamState.COMPLETE, 1, 0)


async def test_completion_waits_for_the_chain_only_so_long(
    skipped_time: WorkflowEnvironment, streams: StreamHarness, rta_id: str
) -> None:
    streams.filecoin.chain_open = False
    await streams.send(rta_id, 0, 1, final=1)
    await skipped_time.sleep(timedelta(minutes=29))
    status = await streams.status(rta_id)
    assert status.state is StreamState.FINISHING
    await skipped_time.sleep(timedelta(minutes=2))
    record = streams.record(rta_id)
    assert (record.document_version, record.chunks, record.uploaded) == (1, 2, 0)
    assert {row.status for row in streams.ledger.list_chunks(rta_id)} == {RowStatus.PROCESSING}
    streams.filecoin.chain_open = True
    result = await streams.result(rta_id)
    assert result.version == 2
    assert streams.record(rta_id).uploaded == 2


async def test_a_chunk_that_is_being_stored_holds_the_window(
    skipped_time: WorkflowEnvironment, streams: StreamHarness, rta_id: str
) -> None:
    streams.filecoin.store_faults = [ProviderDown("down") for _ in range(1_000)]
    await streams.send(rta_id, 0)
    await skipped_time.sleep(timedelta(seconds=380))
    page = await streams.streams.chunks(rta_id)
    assert page is not None
    assert page.chunks[0].phase is ChunkPhase.RECEIVED
    assert not streams.record(rta_id).is_complete
    streams.filecoin.store_faults.clear()
    result = await streams.result(rta_id)
    assert (result.version, result.chunks, result.parked) == (1, 1, 0)


async def test_uploads_of_one_stream_are_bounded(
    skipped_time: WorkflowEnvironment, streams: StreamHarness, rta_id: str
) -> None:
    streams.filecoin.store_open.clear()
    await streams.send(rta_id, *range(30))
    await asyncio.sleep(0.5)
    described = await streams.handle(rta_id).describe()
    assert len(described.raw_description.pending_activities) == 8
    streams.filecoin.store_open.set()
    await skipped_time.sleep(timedelta(seconds=30))
    assert (await streams.status(rta_id)).confirmed == 30


async def test_rows_do_not_wait_for_uploads_that_hang(
    skipped_time: WorkflowEnvironment, streams: StreamHarness, rta_id: str
) -> None:
    await streams.send(rta_id, 0)
    await asyncio.sleep(0.3)
    streams.filecoin.full = {1, 2, 3}
    await streams.send(rta_id, 1)
    await skipped_time.sleep(timedelta(seconds=30))
    assert streams.record(rta_id).uploaded == 1


async def test_a_stream_that_goes_on_holds_little_in_staging(
    skipped_time: WorkflowEnvironment, streams: StreamHarness, rta_id: str
) -> None:
    for sequence in range(25):
        await streams.send(rta_id, sequence)
        await skipped_time.sleep(timedelta(minutes=1))
    assert (await streams.status(rta_id)).confirmed >= 24
    assert len([key async for key in streams.staging.keys(rta_id)]) <= 10
    await streams.result(rta_id)
    assert [key async for key in streams.staging.keys(rta_id)] == []


async def test_a_document_that_was_lost_is_replaced_once(
    skipped_time: WorkflowEnvironment, streams: StreamHarness, rta_id: str
) -> None:
    streams.filecoin.chain_open = False
    await streams.send(rta_id, 0, final=0)
    await skipped_time.sleep(timedelta(minutes=31))
    first = streams.record(rta_id)
    assert (first.is_complete, first.document_version) == (True, 1)
    news = PiecesRefused(provider_id=1, pieces=(first.metadata_cid or "",), reason="lost")
    await streams.handle(rta_id).signal(PIECES_REFUSED, news)
    await skipped_time.sleep(timedelta(minutes=31))
    second = streams.record(rta_id)
    assert (second.is_complete, second.document_version) == (True, 2)
    streams.filecoin.chain_open = True
    result = await streams.result(rta_id)
    assert (result.version, result.chunks) == (3, 1)
    assert set(streams.filecoin.paid.values()) == {1}


async def test_a_completion_that_is_refused_again_and_again_does_not_pay_at_full_speed(
    skipped_time: WorkflowEnvironment,
    streams: StreamHarness,
    rta_id: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    turns = 0

    def refuse(completion: Completion) -> StreamRecord:
        nonlocal turns
        turns += 1
        raise LedgerMoved("somebody else writes without end")

    with monkeypatch.context() as patch:
        patch.setattr(streams.ledger, "complete_stream", refuse)
        await streams.send(rta_id, 0, final=0)
        await skipped_time.sleep(timedelta(minutes=10))
    assert 2 <= turns <= 14
    result = await streams.result(rta_id)
    assert (result.version, result.chunks) == (1, 1)
