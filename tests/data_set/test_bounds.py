"""What a data set keeps in mind, sends and begins anew with has a bound, however long it waits."""

from __future__ import annotations

import random

from activities.messages import BatchedPiece, CommitPieces, FoundCommit
from vibesflow.data_set.orders import PieceOrder
from vibesflow.data_set.packing import pack, unpack
from vibesflow.data_set.state import (
    BATCH_PIECES,
    MOST_CARRIED,
    MOST_GIVEN_UP,
    MOST_QUEUED,
    Batch,
    DataSetState,
)
from workflows.late_commit import name_requests

LIMIT_BYTES = 16 * 1024
_LETTERS = "abcdefghijklmnopqrstuvwxyz234567"


def order(number: int, *, long: bool = False, receiver: str = "") -> PieceOrder:
    dice = random.Random(number)  # noqa: S311 - ids for a test
    cid = "bafkzcib" + "".join(dice.choices(_LETTERS, k=56))
    rta_id = f"rta_{number % 7}_".ljust(96 if long else 20, "x")
    return PieceOrder(
        piece_cid=cid,
        size=2**20,
        rta_id=rta_id,
        source_url=f"https://provider-{number}.example.org/piece/{cid}" if long else "",
        metadata=(("rta", rta_id), ("chunk", "9" * 90), ("who", "w" * (96 if long else 44))),
        reply_to=receiver,
    )


def filled(pieces: int, *, long: bool = False) -> DataSetState:
    state = DataSetState(provider_id=1)
    state.add([order(n, long=long) for n in range(pieces)], now_ms=1)
    return state


def test_a_batch_of_the_longest_pieces_fits_into_a_payload() -> None:
    for long in (False, True):
        state = filled(100, long=long)
        batch = state.form_batch("f" * 64)
        assert 15 <= len(batch.pieces) <= BATCH_PIECES
        request = CommitPieces(
            provider_id=1,
            nonce=batch.nonce,
            pieces=tuple(
                BatchedPiece(piece_cid=p.piece_cid, source_url=p.source_url, metadata=p.metadata)
                for p in state.pieces_of(batch)
            ),
        )
        assert len(request.model_dump_json()) < LIMIT_BYTES


def test_what_is_postponed_is_told_and_forgotten_but_for_the_batch_and_other_receivers() -> None:
    state = filled(MOST_QUEUED + 60)
    state.form_batch("f" * 64)
    state.add([order(9_999, receiver="audit/1")], now_ms=2)
    kept = list(state.queue)[:MOST_CARRIED]
    told = state.postpone(keep=MOST_CARRIED)
    assert list(state.queue) == [*kept, order(9_999).piece_cid]
    assert sum(map(len, told.values())) == MOST_QUEUED + 60 - MOST_CARRIED
    assert set(told) == {order(n).rta_id for n in range(7)}


def test_a_state_that_is_carried_on_is_small_and_the_same() -> None:
    for long in (False, True):
        state = filled(MOST_CARRIED, long=long)
        forgotten = [order(n).piece_cid for n in range(1_000, 1_000 + MOST_GIVEN_UP)]
        for start in range(0, MOST_GIVEN_UP, BATCH_PIECES // 10):
            lost = forgotten[start : start + BATCH_PIECES // 10]
            state.note_given_up(Batch(nonce=f"{order(start).piece_cid:f<64}", pieces=lost))
        state.form_batch("f" * 64)
        packed = pack(state)
        assert len(packed) < LIMIT_BYTES
        assert unpack(packed) == state


def test_the_names_of_late_copies_fit_into_payloads() -> None:
    state = filled(BATCH_PIECES)
    longest = [
        BatchedPiece(
            piece_cid=p.piece_cid,
            source_url=f"https://provider-1.example.org/piece/{p.piece_cid}",
            metadata=(("rta", "r" * 96), ("chunk", "9" * 96), ("who", "w" * 96)),
        )
        for p in state.pieces_of(state.form_batch("f" * 64))
    ]
    ids = {piece.piece_cid: 2**40 + n for n, piece in enumerate(longest)}
    found = FoundCommit(data_set_id=2**40, piece_ids=ids, base_url="https://p.example/piece/")
    requests = name_requests(1, longest, found)
    assert [piece for request in requests for piece in request.pieces] == longest
    assert all(len(request.model_dump_json()) < LIMIT_BYTES for request in requests)
    assert {cid for request in requests for cid in request.found.piece_ids} == set(ids)
