"""Parked chunks: which ones, how they are tried again, and their second home meanwhile."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest
from temporalio.testing import WorkflowEnvironment

from tests.fakes.pinning import MemoryPinning
from tests.stream.chunks import make_chunk
from tests.workflows.harness import StreamHarness
from vibesflow.errors import PinningDown, PinningRefused
from vibesflow.stream.chunk import ChunkRef
from vibesflow.stream.records import ChunkRow, RowStatus


def rows_of(streams: StreamHarness, rta_id: str) -> dict[int, ChunkRow]:
    return {row.sequence: row for row in streams.ledger.list_chunks(rta_id)}


async def parked_two(streams: StreamHarness, rta_id: str) -> tuple[ChunkRef, ChunkRef]:
    """Complete a stream of three chunks, of which the bytes of two are missing."""
    lost, gone = make_chunk(1, rta_id=rta_id), make_chunk(2, rta_id=rta_id, final=True)
    await streams.send(rta_id, 0)
    await streams.streams.submit(lost)
    await streams.streams.submit(gone)
    result = await streams.result(rta_id)
    assert (result.version, result.parked, result.chunks) == (1, 2, 1)
    return lost, gone


async def test_one_chunk_is_tried_again_and_the_others_stay_parked(
    skipped_time: WorkflowEnvironment, streams: StreamHarness, rta_id: str
) -> None:
    lost, gone = await parked_two(streams, rta_id)
    assert (
        "missing" in (rows_of(streams, rta_id)[2].error or "").lower()
        or rows_of(streams, rta_id)[2].error
    )
    await streams.stage(lost)
    await streams.stage(gone)
    await streams.streams.retry(rta_id, chunk_ids=[gone.chunk_id])
    result = await streams.result(rta_id)
    assert (result.version, result.chunks) == (2, 3 - result.parked)
    assert rows_of(streams, rta_id)[2].status is RowStatus.UPLOADED


async def test_a_chunk_in_memory_is_tried_again_alone(
    skipped_time: WorkflowEnvironment, streams: StreamHarness, rta_id: str
) -> None:
    lost, gone = make_chunk(1, rta_id=rta_id), make_chunk(2, rta_id=rta_id)
    await streams.send(rta_id, 0)
    await streams.streams.submit(lost)
    await streams.streams.submit(gone)
    await skipped_time.sleep(timedelta(seconds=30))
    assert (await streams.status(rta_id)).parked == 2
    await streams.stage(lost)
    await streams.stage(gone)
    await streams.streams.retry(rta_id, chunk_ids=[gone.chunk_id])
    await skipped_time.sleep(timedelta(seconds=30))
    rows = rows_of(streams, rta_id)
    assert [rows[n].status for n in range(3)] == [
        RowStatus.UPLOADED,
        RowStatus.FAILED,
        RowStatus.UPLOADED,
    ]
    record = streams.record(rta_id)
    assert (record.chunks, record.uploaded, record.failed) == (3, 2, 1)
    assert [r.rta_id for r in streams.ledger.list_parked(limit=5).streams] == [rta_id]


class TestPinning:
    """With a pinning service, on a worker that knows one."""

    @pytest.fixture
    async def streams(
        self, skipped_time: WorkflowEnvironment, tmp_path: Path
    ) -> AsyncIterator[StreamHarness]:
        harness = StreamHarness(skipped_time, tmp_path)
        harness.pinning = MemoryPinning()
        async with harness.worker():
            yield harness

    async def test_a_chunk_that_waits_too_long_is_pinned_and_moves_when_filecoin_is_back(
        self, skipped_time: WorkflowEnvironment, streams: StreamHarness, rta_id: str
    ) -> None:
        assert streams.pinning is not None
        streams.filecoin.full = {1, 2, 3}
        await streams.send(rta_id, 0)
        await skipped_time.sleep(timedelta(seconds=850))
        assert not streams.pinning.pinned
        await skipped_time.sleep(timedelta(seconds=80))
        (row,) = streams.ledger.list_chunks(rta_id)
        (cid,) = streams.pinning.pinned
        assert (row.status, row.ipfs_cid, row.piece_cid) == (RowStatus.PINNED, cid, None)
        assert row.retrieval_url == f"https://gateway.test/ipfs/{cid}"
        assert (streams.record(rta_id).pinned, streams.record(rta_id).failed) == (1, 0)
        assert await streams.staging.stat(row.staging_key or "") is not None
        streams.filecoin.full = set()
        result = await streams.result(rta_id)
        (row,) = streams.ledger.list_chunks(rta_id)
        assert (row.status, row.ipfs_cid, result.version) == (RowStatus.UPLOADED, None, 1)
        assert row.piece_cid is not None
        assert streams.pinning.dropped == [cid]
        assert streams.record(rta_id).pinned == 0

    async def test_a_pinned_chunk_that_was_given_up_is_tried_again_every_hour(
        self, skipped_time: WorkflowEnvironment, streams: StreamHarness, rta_id: str
    ) -> None:
        assert streams.pinning is not None
        await streams.send(rta_id, 0)
        await skipped_time.sleep(timedelta(seconds=20))
        streams.filecoin.full = {1, 2, 3}
        await streams.send(rta_id, 1, final=1)
        await skipped_time.sleep(timedelta(minutes=58))
        assert (await streams.status(rta_id)).parked == 1
        assert rows_of(streams, rta_id)[1].status is RowStatus.PINNED
        streams.filecoin.full = set()
        await skipped_time.sleep(timedelta(minutes=3))
        assert streams.record(rta_id).document_version == 1, "complete without it"
        result = await streams.result(rta_id)
        assert (result.version, result.chunks, result.parked) == (2, 2, 0)
        assert len(streams.pinning.dropped) == 1
        assert rows_of(streams, rta_id)[1].status is RowStatus.UPLOADED

    async def test_a_retry_moves_a_pinned_chunk_at_once(
        self, skipped_time: WorkflowEnvironment, streams: StreamHarness, rta_id: str
    ) -> None:
        assert streams.pinning is not None
        streams.filecoin.full = {1, 2, 3}
        await streams.send(rta_id, 0, final=0)
        await skipped_time.sleep(timedelta(minutes=58))
        assert (await streams.status(rta_id)).parked == 1
        streams.filecoin.full = set()
        await streams.streams.retry(rta_id)
        await skipped_time.sleep(timedelta(minutes=1))
        assert streams.record(rta_id).uploaded == 1
        assert (await streams.result(rta_id)).version == 1

    async def test_a_service_that_is_down_is_asked_again_and_one_that_refuses_is_not(
        self, skipped_time: WorkflowEnvironment, streams: StreamHarness, rta_id: str
    ) -> None:
        assert streams.pinning is not None
        streams.filecoin.full = {1, 2, 3}
        streams.pinning.faults = [PinningDown("503"), *2 * [PinningRefused("401")]]
        await streams.send(rta_id, 0)
        await skipped_time.sleep(timedelta(minutes=58))
        (row,) = streams.ledger.list_chunks(rta_id)
        assert (row.status, streams.pinning.faults) == (RowStatus.FAILED, [])
        assert not streams.pinning.pinned

    async def test_bytes_that_can_never_be_stored_park_at_once_and_are_not_pinned(
        self, skipped_time: WorkflowEnvironment, streams: StreamHarness, rta_id: str
    ) -> None:
        assert streams.pinning is not None
        altered = make_chunk(1, rta_id=rta_id)
        await streams.send(rta_id, 0)
        await streams.submit(altered, content=b"other bytes " * 20)
        await streams.streams.submit(make_chunk(2, rta_id=rta_id))
        await skipped_time.sleep(timedelta(seconds=30))
        page = await streams.streams.chunks(rta_id)
        assert page is not None
        errors = {view.sequence: view.error for view in page.chunks}
        assert "do not match the acknowledged digest" in (errors[1] or "")
        assert errors[2]
        result = await streams.result(rta_id)
        assert result.parked == 2
        assert not streams.pinning.pinned, "neither could ever move to Filecoin"
