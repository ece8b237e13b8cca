"""Commits that land after they were given up: nothing is paid twice, and rows name what is paid."""

from __future__ import annotations

from datetime import timedelta
from unittest.mock import DEFAULT, AsyncMock, Mock

import pytest
from temporalio.client import WorkflowExecutionStatus
from temporalio.testing import WorkflowEnvironment

from tests.workflows.harness import StreamHarness
from vibesflow.errors import ChainFault, LedgerRejected
from vibesflow.stream.records import ChunkRow
from workflows.messages import LateCommitResult, late_commit_id


async def late_commits(streams: StreamHarness, provider_id: int) -> list[LateCommitResult | None]:
    """What became of the nonces that a provider was asked to commit, as far as they are watched."""
    found: list[LateCommitResult | None] = []
    for commit in streams.filecoin.commits:
        if commit.provider_id == provider_id:
            handle = streams.client.get_workflow_handle(
                late_commit_id(f"{commit.nonce:064x}"), result_type=LateCommitResult
            )
            ended = (await handle.describe()).status is WorkflowExecutionStatus.COMPLETED
            found.append(await handle.result() if ended else None)
    return found


def paid_and_named(streams: StreamHarness, row: ChunkRow) -> tuple[list[int], list[int]]:
    """The providers that are paid for a row's piece, and those that the row names."""
    paid = [
        p for (p, cid), n in streams.filecoin.paid.items() if cid == row.piece_cid for _ in range(n)
    ]
    return sorted(paid), sorted(copy.provider_id for copy in row.copies)


@pytest.mark.copies(2, linger_s=30)
async def test_a_row_names_a_copy_that_was_committed_after_all(
    skipped_time: WorkflowEnvironment, streams: StreamHarness, rta_id: str
) -> None:
    streams.filecoin.sends_late = {2}
    await streams.send(rta_id, 0, 1, final=1)
    await streams.result(rta_id)
    before = list(streams.ledger.list_chunks(rta_id))
    assert [paid_and_named(streams, row) for row in before] == [([1, 3], [1, 3])] * 2

    await skipped_time.sleep(timedelta(hours=3))
    streams.filecoin.sends_late = set()
    await skipped_time.sleep(timedelta(hours=6))
    after = list(streams.ledger.list_chunks(rta_id))
    assert [paid_and_named(streams, row) for row in after] == [([1, 2, 3], [1, 2, 3])] * 2
    assert [row.copies[:2] for row in after] == [row.copies for row in before]
    assert [row.provider_id for row in after] == [row.provider_id for row in before]
    for result in await late_commits(streams, 2):
        assert result is not None
        assert (result.data_set_id, result.unnamed) == (2, ())


@pytest.mark.copies(2)
async def test_a_piece_is_not_committed_there_under_another_nonce(
    skipped_time: WorkflowEnvironment, streams: StreamHarness, rta_id: str
) -> None:
    streams.filecoin.sends_late = {2}
    del streams.filecoin.known[3]
    await streams.send(rta_id, 0, final=0)
    await skipped_time.sleep(timedelta(hours=1))
    streams.filecoin.sends_late = set()
    await streams.result(rta_id)
    (row,) = streams.ledger.list_chunks(rta_id)
    assert paid_and_named(streams, row) == ([1, 2], [1, 2])
    at_2 = {
        c.nonce
        for c in streams.filecoin.commits
        for p in c.pieces
        if (c.provider_id, p.piece_cid) == (2, row.piece_cid)
    }
    assert len(at_2) == 1


@pytest.mark.copies(2)
async def test_one_odd_answer_does_not_end_the_search(
    skipped_time: WorkflowEnvironment,
    streams: StreamHarness,
    rta_id: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    landed, write = streams.filecoin.landed, streams.ledger.move_copies
    odd = AsyncMock(side_effect=[ChainFault("unreadable answer"), *[DEFAULT] * 9], wraps=landed)
    monkeypatch.setattr(streams.filecoin, "landed", odd)
    refused = Mock(side_effect=[LedgerRejected("no"), *[DEFAULT] * 9], wraps=write)
    monkeypatch.setattr(streams.ledger, "move_copies", refused)
    streams.filecoin.sends_late = {2}
    await streams.send(rta_id, 0, final=0)
    await streams.result(rta_id)
    streams.filecoin.sends_late = set()
    await skipped_time.sleep(timedelta(hours=2))
    (row,) = streams.ledger.list_chunks(rta_id)
    assert paid_and_named(streams, row) == ([1, 2, 3], [1, 2, 3])
    assert (odd.await_count, refused.call_count) == (2, 2)


@pytest.mark.copies(2)
async def test_a_commit_that_never_lands_is_looked_for_during_a_day(
    skipped_time: WorkflowEnvironment, streams: StreamHarness, rta_id: str
) -> None:
    streams.filecoin.sends_late = {2}
    await streams.send(rta_id, 0, final=0)
    await streams.result(rta_id)
    assert None in await late_commits(streams, 2)
    await skipped_time.sleep(timedelta(hours=24))
    results = await late_commits(streams, 2)
    assert set(results) == {LateCommitResult()}
    (row,) = streams.ledger.list_chunks(rta_id)
    assert paid_and_named(streams, row) == ([1, 3], [1, 3])


@pytest.mark.copies(2)
@pytest.mark.parametrize(
    "faults",
    [("fails_transactions",), ("sees_no_receipts", "never_mines")],
    ids=["failed", "stuck"],
)
async def test_a_provider_whose_transactions_do_not_land_is_replaced(
    skipped_time: WorkflowEnvironment, streams: StreamHarness, rta_id: str, faults: tuple[str, ...]
) -> None:
    for fault in faults:
        getattr(streams.filecoin, fault).add(2)
    await streams.send(rta_id, 0, final=0)
    await streams.result(rta_id)
    (row,) = streams.ledger.list_chunks(rta_id)
    assert paid_and_named(streams, row) == ([1, 3], [1, 3])


@pytest.mark.copies(2)
async def test_the_chain_is_believed_when_a_provider_sees_no_receipt(
    skipped_time: WorkflowEnvironment, streams: StreamHarness, rta_id: str
) -> None:
    streams.filecoin.sees_no_receipts = {1, 2}
    await streams.send(rta_id, 0, final=0)
    await skipped_time.sleep(timedelta(minutes=9))
    assert not streams.record(rta_id).uploaded
    await streams.result(rta_id)
    (row,) = streams.ledger.list_chunks(rta_id)
    assert paid_and_named(streams, row) == ([1, 2], [1, 2])
