"""Copies beyond those wanted: somebody ordered them and died, or a provider did after all."""

from __future__ import annotations

import pytest

from tests.stream.chunks import PIECE_CID as CID
from tests.stream.chunks import make_chunk
from tests.stream.chunks import make_piece as piece
from vibesflow.data_set.orders import PiecesCommitted, PiecesPostponed, PiecesRefused
from vibesflow.stream.documents import StoredDocument
from vibesflow.stream.setbacks import note_postponed, note_refused
from vibesflow.stream.state import RtaState
from vibesflow.stream.status import ChunkPhase


def refused(provider_id: int, *, order_id: str = "", dropped: bool = False) -> PiecesRefused:
    return PiecesRefused(
        provider_id=provider_id, pieces=(CID,), reason="full", orders=(order_id,), dropped=dropped
    )


@pytest.fixture
def state() -> RtaState:
    """A stream whose chunk was ordered at 1 and 2, and by a dead worker at 3."""
    state = RtaState(rta_id="rta_1", opened=True)
    chunk = make_chunk(0)
    state.track(chunk)
    state.note_stored(chunk.key, piece(1, 2), now_ms=1)
    return state


def commit(state: RtaState, provider_id: int, *, base_url: str | None = None) -> None:
    url = f"http://p{provider_id}/piece/" if base_url is None else base_url
    state.note_committed(
        PiecesCommitted(
            provider_id=provider_id, data_set_id=provider_id, pieces={CID: 7}, base_url=url
        ),
        now_ms=2,
    )


def copies(state: RtaState) -> list[tuple[int, bool]]:
    (chunk,) = state.chunks.values()
    assert chunk.stored is not None
    return [(copy.provider_id, copy.is_confirmed) for copy in chunk.stored.copies]


def phase(state: RtaState) -> ChunkPhase:
    (chunk,) = state.chunks.values()
    return chunk.phase


def test_a_paid_copy_that_nobody_knew_of_gets_into_the_row(state: RtaState) -> None:
    commit(state, 3)
    assert copies(state) == [(1, False), (2, False), (3, True)]
    commit(state, 1)
    assert phase(state) is ChunkPhase.COMMITTING, "the third is under way and will be paid"
    commit(state, 2)
    assert phase(state) is ChunkPhase.CONFIRMED
    (write,) = state.rows_to_write(limit=9, unconfirmed_too=False, now_ms=3)
    assert [copy.provider_id for copy in write.row.copies] == [1, 2, 3]


def test_it_is_not_taken_over_without_its_address(state: RtaState) -> None:
    commit(state, 3, base_url="")
    assert copies(state) == [(1, False), (2, False)]


def test_a_spare_copy_that_was_refused_is_not_waited_for(state: RtaState) -> None:
    commit(state, 3)
    commit(state, 1)
    note_refused(state, refused(2), now_ms=3)
    assert (phase(state), copies(state)) == (ChunkPhase.CONFIRMED, [(1, True), (3, True)])


def test_a_spare_copy_that_was_put_off_is_not_ordered_again(state: RtaState) -> None:
    commit(state, 3)
    commit(state, 1)
    note_postponed(state, PiecesPostponed(provider_id=2, pieces=(CID,)), now_ms=3)
    assert (phase(state), copies(state)) == (ChunkPhase.CONFIRMED, [(1, True), (3, True)])


def test_one_that_is_being_ordered_is(state: RtaState) -> None:
    """Its data set may have the order already."""
    commit(state, 3)
    commit(state, 1)
    state.meanwhile.begin()
    note_postponed(state, PiecesPostponed(provider_id=2, pieces=(CID,)), now_ms=3)
    assert [item.unordered for item in state.to_place()] == [True]


@pytest.mark.parametrize("setback", ["refused", "put off"])
def test_a_document_put_off_before_it_is_known_is_ordered_again(setback: str) -> None:
    """Its order goes out with the document, which the stream knows of once the table does."""
    state = RtaState(rta_id="rta_1", opened=True, publishing=True)
    if setback == "refused":
        note_refused(state, refused(1), now_ms=1)
    else:
        note_postponed(state, PiecesPostponed(provider_id=1, pieces=(CID,)), now_ms=1)
    state.publishing = False
    document = StoredDocument(version=1, size=9, stored=piece(1, 2))
    state.note_completed(document, revision=0, now_ms=2)
    assert [item.unordered for item in state.to_place()] == [True]
    state.note_placed({CID: piece(1, 2)}, now_ms=3)
    assert state.to_place() == []


@pytest.mark.parametrize("dropped", [False, True])
def test_a_refusal_of_an_older_order_has_it_ordered_there_again(
    state: RtaState, *, dropped: bool
) -> None:
    """The data set has the newer order; a provider more would be one too many."""
    state.note_placed({CID: piece(1, 2, order_id="02")}, now_ms=2)
    note_refused(state, refused(1, order_id="01", dropped=dropped), now_ms=3)
    assert copies(state) == [(1, False), (2, False)]
    assert [item.unordered for item in state.to_place()] == [True]
    state.note_placed({CID: piece(1, 2, order_id="03")}, now_ms=4)
    note_refused(state, refused(1, order_id="03"), now_ms=5)
    assert copies(state) == [(2, False)]


def test_a_refusal_by_a_data_set_that_names_no_order_counts(state: RtaState) -> None:
    state.note_placed({CID: piece(1, 2, order_id="02")}, now_ms=2)
    note_refused(state, PiecesRefused(provider_id=1, pieces=(CID,), reason="full"), now_ms=3)
    assert copies(state) == [(2, False)]


def test_a_document_is_ordered_again_likewise() -> None:
    state = RtaState(rta_id="rta_1", opened=True)
    document = StoredDocument(version=1, size=9, stored=piece(1, 2, order_id="02"))
    state.note_completed(document, revision=0, now_ms=2)
    note_refused(state, refused(1, order_id="01"), now_ms=3)
    assert [item.unordered for item in state.to_place()] == [True]
    assert state.documents[0].stored == document.stored


def test_when_one_of_two_equal_chunks_is_refused_both_are() -> None:
    state = RtaState(rta_id="rta_1", opened=True)
    for number in (0, 1):
        chunk = make_chunk(number)
        state.track(chunk)
        state.note_stored(chunk.key, piece(1, 2, order_id=f"0{number}"), now_ms=1)
    note_refused(state, refused(1, order_id="01"), now_ms=2)
    left = [
        c.stored and [copy.provider_id for copy in c.stored.copies] for c in state.chunks.values()
    ]
    assert left == [[2], [2]]


def test_lost_bytes_leave_the_copies_that_are_still_ordered(state: RtaState) -> None:
    (chunk,) = state.chunks.values()
    note_refused(state, refused(1, dropped=True), now_ms=2)
    assert (chunk.stored, chunk.phase) == (None, ChunkPhase.RECEIVED)
    assert chunk.left is not None
    assert [copy.provider_id for copy in chunk.left.copies] == [2]
    note_refused(state, refused(2), now_ms=3)
    assert chunk.left is None
    state.note_stored(chunk.ref.key, piece(1, 2), now_ms=4)
    assert [item.unordered for item in state.to_place()] == [True], "2 may have meant this order"
