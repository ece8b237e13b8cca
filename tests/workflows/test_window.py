"""The idle window, to the second, on skipped time (design rules 3, 4 and 6)."""

from __future__ import annotations

from datetime import timedelta

from temporalio.testing import WorkflowEnvironment

from tests.stream.chunks import make_chunk
from tests.workflows.harness import StreamHarness
from vibesflow.stream.status import StreamState


async def test_a_chunk_at_5_59_keeps_the_stream_open(
    skipped_time: WorkflowEnvironment, streams: StreamHarness, rta_id: str
) -> None:
    await streams.send(rta_id, 0)
    await skipped_time.sleep(timedelta(minutes=5, seconds=59))
    await streams.send(rta_id, 1)
    await skipped_time.sleep(timedelta(minutes=5, seconds=59))
    status = await streams.status(rta_id)
    assert status.state is StreamState.RECORDING
    assert (status.received, status.confirmed) == (2, 2)
    assert streams.record(rta_id).document_version == 0
    await skipped_time.sleep(timedelta(seconds=2))
    result = await streams.result(rta_id)
    assert (result.state, result.version, result.chunks) == ("complete", 1, 2)


async def test_silence_of_6_00_completes(
    skipped_time: WorkflowEnvironment, streams: StreamHarness, rta_id: str
) -> None:
    await streams.send(rta_id, 0, 1, 2)
    result = await streams.result(rta_id)
    assert (result.version, result.chunks, result.total_duration_ms) == (1, 3, 180_000)
    record = streams.record(rta_id)
    assert record.is_complete
    assert record.uploaded == 3
    assert [key async for key in streams.staging.keys(rta_id)] == []
    assert max(streams.filecoin.paid.values()) == 1
    described = await streams.handle(rta_id).describe()
    assert described.execution_time is not None
    assert described.close_time is not None
    open_for = described.close_time - described.execution_time
    assert timedelta(minutes=6) <= open_for < timedelta(minutes=6, seconds=30)


async def test_a_chunk_at_7_00_reopens_and_gives_version_2(
    skipped_time: WorkflowEnvironment, streams: StreamHarness, rta_id: str
) -> None:
    await streams.send(rta_id, 0, 1)
    await skipped_time.sleep(timedelta(minutes=7))
    first = streams.record(rta_id)
    assert (first.is_complete, first.document_version) == (True, 1)
    await streams.send(rta_id, 2)
    result = await streams.result(rta_id)
    assert (result.version, result.chunks) == (2, 3)
    record = streams.record(rta_id)
    assert (record.uploaded, record.document_version) == (3, 2)
    assert record.metadata_cid != first.metadata_cid


async def test_a_final_chunk_waits_for_its_predecessors(
    skipped_time: WorkflowEnvironment, streams: StreamHarness, rta_id: str
) -> None:
    await streams.send(rta_id, 3, 1, final=3)
    await skipped_time.sleep(timedelta(minutes=3))
    status = await streams.status(rta_id)
    assert status.state is StreamState.RECORDING
    assert status.missing[0].missing == (0, 2)
    await streams.send(rta_id, 2, 0)
    with skipped_time.auto_time_skipping_disabled():
        await streams.until_version(rta_id, 1)
    assert streams.record(rta_id).uploaded == 4


async def test_a_final_chunk_with_a_gap_completes_by_the_window(
    skipped_time: WorkflowEnvironment, streams: StreamHarness, rta_id: str
) -> None:
    await streams.send(rta_id, 0, 2, final=2)
    result = await streams.result(rta_id)
    assert (result.version, result.chunks) == (1, 2)
    await streams.send(rta_id, 1)  # the missing one: whole at last, no second window
    with skipped_time.auto_time_skipping_disabled():
        await streams.until_version(rta_id, 2)
    assert streams.record(rta_id).uploaded == 3


async def test_a_stream_may_have_a_window_of_its_own(
    skipped_time: WorkflowEnvironment, streams: StreamHarness, rta_id: str
) -> None:
    chunk = make_chunk(0, rta_id=rta_id)
    await streams.streams.submit(await streams.stage(chunk), window_s=30)
    await skipped_time.sleep(timedelta(seconds=40))
    assert streams.record(rta_id).is_complete


async def test_duplicates_after_completion_change_nothing(
    skipped_time: WorkflowEnvironment, streams: StreamHarness, rta_id: str
) -> None:
    await streams.send(rta_id, 0, 1, final=1)
    await streams.result(rta_id)
    before = streams.record(rta_id)
    await streams.send(rta_id, 0, 1, final=1)
    result = await streams.result(rta_id)
    assert result.version == 1
    assert streams.record(rta_id) == before
    assert max(streams.filecoin.paid.values()) == 1
