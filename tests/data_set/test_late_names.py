"""Naming the copies of a late commit in rows, whatever state those are in."""

from __future__ import annotations

from unittest.mock import AsyncMock

import pytest
from temporalio.testing import ActivityEnvironment

from activities.late_commits import LateCommitActivities
from activities.messages import BatchedPiece, FindCommit, FoundCommit, NameCopies, NamedCopies
from tests.fakes.filecoin import MemoryFilecoin
from tests.fakes.ledger import MemoryLedger
from tests.stream.chunks import PIECE_CID, make_chunk
from vibesflow.filecoin import Landed
from vibesflow.stream.piece_metadata import chunk_metadata, document_metadata
from vibesflow.stream.records import CopyMove, RowCopy, RowStatus, RowWrite, StreamOpening
from vibesflow.stream.tracking import TrackedChunk

CHUNK = make_chunk(0)
PIECE = BatchedPiece(piece_cid=PIECE_CID, metadata=chunk_metadata(CHUNK, duration_ms=60_000))
FOUND = FoundCommit(data_set_id=22, piece_ids={PIECE_CID: 5}, base_url="http://p2/piece/")
LATE = RowCopy(provider_id=2, base_url="http://p2/piece/", data_set_id=22, piece_id=5)
FIRST = RowCopy(provider_id=1, base_url="http://p1/piece/", data_set_id=11, piece_id=0)


@pytest.fixture
def ledger() -> MemoryLedger:
    ledger = MemoryLedger()
    ledger.open_stream(StreamOpening(rta_id="rta_1", creator="0xabc", opened_at="2026-11-23"))
    return ledger


def write(ledger: MemoryLedger, status: RowStatus, *copies: RowCopy) -> None:
    row = TrackedChunk(ref=CHUNK).to_row(status, written_at="2026-11-23")
    where = {"piece_cid": PIECE_CID, "copies": copies}
    ledger.settle_rows("rta_1", [RowWrite(row=row.model_copy(update=where))])


async def named(ledger: MemoryLedger, *pieces: BatchedPiece, found: FoundCommit = FOUND) -> bool:
    """Tell whether nothing is left to name."""
    filecoin = MemoryFilecoin()
    step = LateCommitActivities(filecoin, filecoin, ledger).name_copies
    request = NameCopies(provider_id=2, pieces=pieces or (PIECE,), found=found)
    reply: NamedCopies = await ActivityEnvironment().run(step, request)
    return not reply.unnamed


def copies(ledger: MemoryLedger) -> tuple[RowCopy, ...]:
    row = ledger.get_chunk("rta_1", CHUNK.chunk_id)
    assert row is not None
    return row.copies


async def test_a_confirmed_row_names_the_copy_last_and_once(ledger: MemoryLedger) -> None:
    write(ledger, RowStatus.UPLOADED, FIRST)
    assert await named(ledger)
    assert await named(ledger)
    assert copies(ledger) == (FIRST, LATE)


@pytest.mark.parametrize("status", [RowStatus.PROCESSING, RowStatus.FAILED])
async def test_a_row_that_is_not_confirmed_is_left_for_later(
    ledger: MemoryLedger, status: RowStatus
) -> None:
    assert not await named(ledger), "there is no row at all"
    write(ledger, status)
    assert not await named(ledger)
    assert copies(ledger) == ()


async def test_a_row_that_changes_at_that_moment_is_left_for_later(
    ledger: MemoryLedger, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(ledger, RowStatus.UPLOADED, FIRST)
    seen = ledger.get_chunk("rta_1", CHUNK.chunk_id)
    other = RowCopy(provider_id=3, base_url="http://p3/piece/", data_set_id=33, piece_id=1)
    moved = CopyMove(chunk_id=CHUNK.chunk_id, piece_cid=PIECE_CID, copies=(other,))
    with monkeypatch.context() as patch:
        patch.setattr(ledger, "get_chunk", lambda *_: seen)
        ledger.move_copies("rta_1", [moved])
        assert not await named(ledger)
    assert await named(ledger)
    assert copies(ledger) == (other, LATE)


async def test_what_has_no_row_or_did_not_land_needs_no_name(ledger: MemoryLedger) -> None:
    document = BatchedPiece(piece_cid=PIECE_CID, metadata=document_metadata("rta_1", 1))
    assert await named(ledger, document)
    assert await named(ledger, found=FOUND.model_copy(update={"piece_ids": {}}))


async def test_a_provider_that_has_left_the_registry_cannot_be_named(
    ledger: MemoryLedger, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(ledger, RowStatus.UPLOADED, FIRST)
    filecoin = MemoryFilecoin()
    landed = Landed(data_set_id=22, piece_ids={PIECE_CID: 5})
    monkeypatch.setattr(filecoin, "landed", AsyncMock(return_value=landed))
    step = LateCommitActivities(filecoin, filecoin, ledger).find_commit
    request = FindCommit(provider_id=9, nonce="01", pieces=(PIECE,))
    found: FoundCommit = await ActivityEnvironment().run(step, request)
    assert (found.data_set_id, found.base_url) == (22, "")
    assert not await named(ledger, found=found)
