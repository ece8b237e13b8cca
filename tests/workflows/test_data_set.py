"""Batches, copies and empty wallets, on skipped time (design section 3, rules 5, 8 and 9)."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest
from temporalio.api.sdk.v1 import WorkflowMetadata
from temporalio.testing import WorkflowEnvironment

from activities.committing import COMMIT_DEADLINE
from tests.fakes.filecoin import make_provider
from tests.stream.chunks import make_chunk
from tests.workflows.harness import StreamHarness
from vibesflow.data_set.orders import DataSetStatus
from vibesflow.errors import InsufficientFunds, ProviderDown, SessionKeyUnauthorized
from vibesflow.query.compose import compose_stream
from vibesflow.query.views import LiveSnapshot
from vibesflow.stream.records import RowStatus
from vibesflow.stream.status import StreamState
from workflows import limits


async def data_set(streams: StreamHarness, provider_id: int) -> DataSetStatus:
    handle = streams.client.get_workflow_handle(streams.data_set_id(provider_id))
    return await handle.query("status", result_type=DataSetStatus)


@pytest.mark.copies(2)
async def test_every_chunk_ends_with_two_confirmed_copies(
    skipped_time: WorkflowEnvironment, streams: StreamHarness, rta_id: str
) -> None:
    await streams.send(rta_id, 0, 1, 2, final=2)
    await streams.result(rta_id)
    for row in streams.ledger.list_chunks(rta_id):
        assert row.status is RowStatus.UPLOADED
        assert {copy.provider_id for copy in row.copies} == {1, 2}
    assert set(streams.filecoin.paid.values()) == {1}
    status = await data_set(streams, 2)
    assert (status.committed, status.waiting) == (4, 0)  # three chunks and the document


async def details(streams: StreamHarness, provider_id: int) -> str:
    """What the Web UI shows of a data set."""
    handle = streams.client.get_workflow_handle(streams.data_set_id(provider_id))
    told = await handle.query("__temporal_workflow_metadata", result_type=WorkflowMetadata)
    return str(told.current_details)


async def test_an_operator_sees_where_a_data_set_is_and_how_it_comes_to_be(
    skipped_time: WorkflowEnvironment, streams: StreamHarness, rta_id: str
) -> None:
    streams.filecoin.chain_open = False
    await streams.send(rta_id, 0, 1, final=1)
    await skipped_time.sleep(timedelta(seconds=30))
    status = await data_set(streams, 1)
    assert status.place is not None
    assert (status.place.name, status.place.data_set_id) == ("provider 1", None)
    assert status.sent is not None
    shown = await details(streams, 1)
    assert "Provider: 1, **provider 1**, `0x" in shown
    assert "Address: http://provider-1.test" in shown
    assert "Region: C=DE; capacity: not announced" in shown
    assert "Chosen: approved by the storage service, endorsed" in shown
    assert f"Data set: being created by `{status.sent.tx_hash}`, waiting for the receipt" in shown
    assert f"Waits for: the receipt of `{status.sent.tx_hash}`" in shown
    assert f"Batch under way: {status.committing} piece" in shown

    streams.filecoin.chain_open = True
    await streams.result(rta_id)
    status = await data_set(streams, 1)
    assert (status.sent, status.data_set_id) == (None, 1)
    assert status.last is not None
    shown = await details(streams, 1)
    assert "Data set: 1, on chain" in shown
    assert f"`{status.last.tx_hash}`" in shown
    assert "Waits for: pieces" in shown


@pytest.mark.copies(2)
async def test_a_running_stream_names_its_providers(
    skipped_time: WorkflowEnvironment, streams: StreamHarness, rta_id: str
) -> None:
    streams.filecoin.chain_open = False
    await streams.send(rta_id, 0)
    await skipped_time.sleep(timedelta(seconds=5))
    status = await streams.status(rta_id)
    assert [each.name for each in status.providers] == ["provider 1", "provider 2"]
    live = LiveSnapshot(status=status, chunks=())
    view = compose_stream(rta_id, record=None, live=live, running=True)
    assert view is not None
    assert view.storage_provider == make_provider(1).address
    told = await streams.handle(rta_id).query(
        "__temporal_workflow_metadata", result_type=WorkflowMetadata
    )
    assert f"- Provider 1: provider 1 `{make_provider(1).address}`" in told.current_details
    streams.filecoin.chain_open = True
    await streams.result(rta_id)


async def test_an_operator_sees_why_commits_wait(
    skipped_time: WorkflowEnvironment, streams: StreamHarness, rta_id: str
) -> None:
    streams.filecoin.wallet_is_empty = True
    await streams.send(rta_id, 0, final=0)
    await skipped_time.sleep(timedelta(minutes=1))
    assert "**Paused**: 0.02 USDFC are missing" in await details(streams, 1)
    streams.filecoin.wallet_is_empty = False
    await streams.result(rta_id)
    assert "Paused" not in await details(streams, 1)


@pytest.mark.copies(2, linger_s=30)
async def test_200_chunks_of_20_streams_share_few_commits(
    skipped_time: WorkflowEnvironment, streams: StreamHarness, rta_id: str
) -> None:
    ids = [f"{rta_id}_{n}" for n in range(20)]
    chunks = [make_chunk(n, rta_id=i, final=n == 9) for n in range(10) for i in ids]
    for start in range(0, 200, 40):
        await asyncio.gather(*(streams.submit(c) for c in chunks[start : start + 40]))
    for stream in ids:
        await streams.result(stream)
        assert streams.record(stream).uploaded == 10
    assert len(streams.filecoin.commits) <= 2 * (200 // 40) + 4
    assert set(streams.filecoin.paid.values()) == {1}
    pieces = {(i, row.piece_cid) for i in ids for row in streams.ledger.list_chunks(i)}
    assert len(pieces) == 200


@pytest.mark.copies(2)
async def test_a_full_provider_is_replaced(
    skipped_time: WorkflowEnvironment, streams: StreamHarness, rta_id: str
) -> None:
    streams.filecoin.refuses_pulls = {2}
    await streams.send(rta_id, 0, 1, final=1)
    await streams.result(rta_id)
    for row in streams.ledger.list_chunks(rta_id):
        assert {copy.provider_id for copy in row.copies} == {1, 3}
    assert 2 in streams.filecoin.faulty


@pytest.mark.copies(2)
async def test_copies_wait_for_a_provider_that_comes_back(
    skipped_time: WorkflowEnvironment, streams: StreamHarness, rta_id: str
) -> None:
    streams.filecoin.full = {2, 3}
    await streams.send(rta_id, 0, final=0)
    await skipped_time.sleep(timedelta(minutes=5))
    status = await streams.status(rta_id)
    assert (status.stored, status.confirmed) == (1, 0)
    streams.filecoin.full = set()
    await streams.result(rta_id)
    assert streams.record(rta_id).uploaded == 1


async def test_an_empty_wallet_stops_commits_and_nothing_else(
    skipped_time: WorkflowEnvironment, streams: StreamHarness, rta_id: str
) -> None:
    streams.filecoin.wallet_is_empty = True
    await streams.send(rta_id, 0, 1, 2, final=2)
    await skipped_time.sleep(timedelta(minutes=3))
    status = await streams.status(rta_id)
    assert (status.state, status.stored, status.confirmed) == (StreamState.FINISHING, 3, 0)
    assert "USDFC" in (status.waiting_for or "")
    assert (await data_set(streams, 1)).paused == status.waiting_for
    streams.filecoin.wallet_is_empty = False
    result = await streams.result(rta_id)
    assert (result.version, result.chunks) == (1, 3)
    assert (await data_set(streams, 1)).paused is None
    assert InsufficientFunds.code not in str(streams.record(rta_id))


@pytest.mark.copies(2)
@pytest.mark.parametrize(
    ("minutes", "refused"),
    [(3, True), (COMMIT_DEADLINE.total_seconds() / 60 + 2, False)],
    ids=["found-out-by-a-refusal", "asked-before-the-commit"],
)
async def test_what_was_dropped_while_the_wallet_was_empty_is_stored_anew(
    skipped_time: WorkflowEnvironment,
    streams: StreamHarness,
    rta_id: str,
    minutes: float,
    refused: bool,
) -> None:
    filecoin = streams.filecoin
    filecoin.wallet_is_empty = True
    await streams.send(rta_id, 0, 1, 2, final=2)
    await skipped_time.sleep(timedelta(minutes=minutes))
    stored = set(filecoin.stores)
    assert sum(filecoin.stores.values()) == len(stored) >= 3
    assert filecoin.drop(1) == len(stored)
    filecoin.drop(2)
    filecoin.wallet_is_empty = False
    await streams.result(rta_id)
    for row in streams.ledger.list_chunks(rta_id):
        assert row.status is RowStatus.UPLOADED
        assert len(row.copies) == 2
        assert filecoin.stores[row.piece_cid or ""] == 2
    assert (filecoin.refused_commits > 0) is refused
    assert set(filecoin.paid.values()) == {1}
    assert streams.record(rta_id).uploaded == 3


@pytest.mark.copies(2)
async def test_what_is_stored_anew_counts_the_copies_that_are_still_ordered(
    skipped_time: WorkflowEnvironment, streams: StreamHarness, rta_id: str
) -> None:
    filecoin = streams.filecoin
    filecoin.wallet_is_empty = True
    await streams.send(rta_id, 0, 1, final=1)
    await skipped_time.sleep(timedelta(minutes=3))
    assert filecoin.drop(1) == 2
    filecoin.note_fault(2)
    filecoin.wallet_is_empty = False
    await streams.result(rta_id)
    for row in streams.ledger.list_chunks(rta_id):
        assert filecoin.stores[row.piece_cid or ""] == 2
        assert {copy.provider_id for copy in row.copies} == {1, 2}, "3 is the better one by now"


@pytest.mark.copies(2)
async def test_copies_that_are_never_published_are_ordered_elsewhere(
    skipped_time: WorkflowEnvironment, streams: StreamHarness, rta_id: str
) -> None:
    streams.filecoin.never_publishes = {2}
    await streams.send(rta_id, 0, 1, final=1)
    await streams.result(rta_id)
    for row in streams.ledger.list_chunks(rta_id):
        assert {copy.provider_id for copy in row.copies} == {1, 3}
    assert streams.filecoin.refused_commits == 0
    assert 2 in streams.filecoin.faulty


async def test_a_session_key_that_ended_stops_commits_until_it_is_authorized_again(
    skipped_time: WorkflowEnvironment, streams: StreamHarness, rta_id: str
) -> None:
    ended = SessionKeyUnauthorized("the session key 0x12 may not sign for 0x34", retry_after_s=30)
    streams.filecoin.commit_faults = [ended] * 4
    await streams.send(rta_id, 0, 1, final=1)
    await skipped_time.sleep(timedelta(seconds=70))
    status = await streams.status(rta_id)
    assert (status.state, status.stored, status.confirmed) == (StreamState.FINISHING, 2, 0)
    assert "the session key 0x12" in (status.waiting_for or "")
    result = await streams.result(rta_id)
    assert (result.version, result.chunks) == (1, 2)
    assert streams.filecoin.faulty == []
    assert streams.filecoin.commit_faults == []


async def test_identical_chunks_of_two_streams_are_paid_once(
    skipped_time: WorkflowEnvironment, streams: StreamHarness, rta_id: str
) -> None:
    streams.filecoin.chain_open = False
    silence = b"\x00" * 500
    for stream in (f"{rta_id}_a", f"{rta_id}_b"):
        chunk = make_chunk(0, rta_id=stream, final=True, content=silence)
        await streams.submit(chunk, silence)
    await skipped_time.sleep(timedelta(seconds=20))
    streams.filecoin.chain_open = True
    for stream in (f"{rta_id}_a", f"{rta_id}_b"):
        await streams.result(stream)
        assert streams.record(stream).uploaded == 1
    assert set(streams.filecoin.paid.values()) == {1}


@pytest.mark.copies(2)
async def test_identical_chunks_of_a_stream_share_their_copies(
    skipped_time: WorkflowEnvironment, streams: StreamHarness, rta_id: str
) -> None:
    streams.filecoin.chain_open = False
    silence = b"\x00" * 500
    await streams.submit(make_chunk(0, rta_id=rta_id, content=silence), silence)
    await skipped_time.sleep(timedelta(seconds=20))
    streams.filecoin.note_fault(2)
    await streams.submit(make_chunk(1, rta_id=rta_id, content=silence, final=True), silence)
    await skipped_time.sleep(timedelta(seconds=20))
    streams.filecoin.chain_open = True
    await streams.result(rta_id)
    for row in streams.ledger.list_chunks(rta_id):
        assert {copy.provider_id for copy in row.copies} == {1, 2}, "3 is the better one by now"
    assert set(streams.filecoin.paid.values()) == {1}


async def test_a_silent_provider_is_given_up_and_its_chunks_go_elsewhere(
    skipped_time: WorkflowEnvironment, streams: StreamHarness, rta_id: str
) -> None:
    streams.filecoin.dead_to_commits = {1}
    await streams.send(rta_id, 0, final=0)
    await skipped_time.sleep(timedelta(minutes=4))
    assert streams.record(rta_id).uploaded == 0
    streams.filecoin.full = {1}
    await streams.result(rta_id)
    (row,) = streams.ledger.list_chunks(rta_id)
    assert row.provider_id == 2
    assert ProviderDown.code not in (row.error or "")


async def test_a_data_set_goes_on_in_run_after_run(
    skipped_time: WorkflowEnvironment,
    streams: StreamHarness,
    rta_id: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(limits, "LEAVE_EVENTS", 60)
    monkeypatch.setattr(limits, "DRAIN_EVENTS", 10_000)
    for turn in range(6):
        await streams.send(f"{rta_id}_{turn}", 0, 1, final=1)
        await streams.result(f"{rta_id}_{turn}")
    status = await data_set(streams, 1)
    assert status.committed == 18
    assert set(streams.filecoin.paid.values()) == {1}
