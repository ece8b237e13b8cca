"""Repairs from the order until the chain has the copies, in whatever order the news come."""

from __future__ import annotations

from vibesflow.audit.repairs import Repairs
from vibesflow.audit.verdicts import CopyFound, Fault, PieceFound
from vibesflow.data_set.orders import PiecesCommitted, PiecesRefused
from vibesflow.stream.placement import Copy, StoredPiece

CID = "bafkzcib1"


def lacking(*faults: Fault | None, chunk_id: str = "c1") -> PieceFound:
    copies = tuple(
        CopyFound(provider_id=n, base_url=f"u{n}/", data_set_id=n * 10, piece_id=n, fault=fault)
        for n, fault in enumerate(faults, start=1)
    )
    return PieceFound(chunk_id=chunk_id, piece_cid=CID, size=1_000, copies=copies)


def with_copy(repairs: Repairs, provider_id: int) -> StoredPiece:
    stored = repairs.items[CID].stored
    copies = [*(stored.copies if stored else []), Copy(provider_id=provider_id, base_url="x/")]
    return StoredPiece(piece_cid=CID, wanted=2, copies=copies)


def committed(provider_id: int) -> PiecesCommitted:
    return PiecesCommitted(
        provider_id=provider_id, data_set_id=provider_id * 10, pieces={CID: 77, "other": 78}
    )


def refused(provider_id: int) -> PiecesRefused:
    return PiecesRefused(provider_id=provider_id, pieces=(CID,), reason="full")


def test_an_ordered_copy_makes_the_piece_safe_once_the_chain_has_it() -> None:
    repairs = Repairs.of([lacking(Fault.NO_BYTES, None)], wanted=2)
    (repair,) = repairs.open
    assert (repair.avoid, [c.provider_id for c in repair.confirmed]) == ([1], [2])
    repairs.note_ordered(with_copy(repairs, 3))
    assert repairs.is_waiting
    repairs.note_committed(committed(3))
    repairs.note_committed(committed(3))
    assert (repairs.open, repairs.is_waiting) == ([], False)
    assert [(c.provider_id, c.piece_id) for c in repair.confirmed] == [(2, 2), (3, 77)]


def test_news_may_come_before_the_order_has_ended() -> None:
    repairs = Repairs.of([lacking(Fault.NO_BYTES, None)], wanted=2)
    repairs.note_committed(committed(3))
    assert repairs.open
    repairs.note_ordered(with_copy(repairs, 3))
    assert repairs.items[CID].is_safe


def test_a_refused_copy_is_sought_elsewhere() -> None:
    repairs = Repairs.of([lacking(Fault.NO_BYTES, None)], wanted=2)
    repairs.note_ordered(with_copy(repairs, 3))
    repairs.note_refused(refused(3))
    (repair,) = repairs.open
    assert (repair.avoid, repairs.is_waiting) == ([1, 3], False)
    repairs.note_ordered(with_copy(repairs, 4))
    repairs.note_committed(committed(4))
    assert repairs.items[CID].is_safe


def test_a_refusal_that_comes_early_counts_too() -> None:
    repairs = Repairs.of([lacking(None)], wanted=2)
    repairs.note_refused(refused(3))
    repairs.note_ordered(with_copy(repairs, 3))
    assert repairs.items[CID].avoid == [3]
    assert not repairs.is_waiting


def test_a_refusal_takes_no_confirmed_copy() -> None:
    repairs = Repairs.of([lacking(None, Fault.NO_BYTES)], wanted=2)
    repairs.note_refused(refused(1))
    assert [c.provider_id for c in repairs.items[CID].confirmed] == [1]


def test_chunks_with_the_same_bytes_are_one_piece() -> None:
    pieces = [lacking(Fault.NO_BYTES, None, chunk_id=name) for name in ("c1", "c2")]
    repairs = Repairs.of(pieces, wanted=2)
    assert repairs.items[CID].chunks == ["c1", "c2"]


def test_what_nobody_holds_is_lost_and_no_longer_open() -> None:
    repairs = Repairs.of([lacking(Fault.NO_BYTES, Fault.WRONG_BYTES)], wanted=2)
    assert repairs.items[CID].stored is None
    repairs.note_lost(CID)
    assert repairs.open == []


def test_a_refused_restoration_leaves_nothing_and_stays_open() -> None:
    repairs = Repairs.of([lacking(Fault.NO_BYTES)], wanted=2)
    repairs.note_ordered(with_copy(repairs, 3))
    repairs.note_refused(refused(3))
    (repair,) = repairs.open
    assert repair.stored is None
