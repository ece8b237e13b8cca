"""Chunks with the very same bytes are one piece, whose copies must all be known to some row."""

from __future__ import annotations

import pytest

from tests.stream.chunks import PIECE_CID as CID
from tests.stream.chunks import make_chunk
from tests.stream.chunks import make_piece as piece
from vibesflow.data_set.orders import PiecesCommitted, PiecesPostponed
from vibesflow.stream.equals import copies_of, forgets_copies, stored_equal
from vibesflow.stream.setbacks import note_postponed
from vibesflow.stream.state import RtaState
from workflows.placing import place_request

SILENCE = b"\x00" * 500


@pytest.fixture
def state() -> RtaState:
    """A stream with two chunks of silence, stored at the same time and ordered apart."""
    state = RtaState(rta_id="rta_1", opened=True, opened_at="2026-11-23T00:00:00.000Z")
    for sequence, providers in ((0, (1, 3)), (1, (1, 2))):
        chunk = make_chunk(sequence, content=SILENCE)
        state.track(chunk)
        state.note_stored(chunk.key, piece(*providers), now_ms=1)
    return state


def test_an_order_names_the_copies_of_all_of_them(state: RtaState) -> None:
    note_postponed(state, PiecesPostponed(provider_id=1, pieces=(CID,)), now_ms=2)
    request = place_request(state, state.to_place())
    assert request is not None
    asked = [[copy.provider_id for copy in each.stored.copies] for each in request.pieces]
    assert asked == [[1, 3, 2], [1, 2, 3]]


def test_a_copy_that_comes_last_is_in_their_rows(state: RtaState) -> None:
    note_postponed(state, PiecesPostponed(provider_id=1, pieces=(CID,)), now_ms=2)
    request = place_request(state, state.to_place())
    assert request is not None
    state.note_placed({each.stored.piece_cid: each.stored for each in request.pieces}, now_ms=3)
    for provider_id in (1, 2):
        commit(state, provider_id)
    assert state.rows_to_write(limit=9, unconfirmed_too=False, now_ms=4) == []
    commit(state, 3)
    writes = state.rows_to_write(limit=9, unconfirmed_too=False, now_ms=4)
    assert [{c.provider_id for c in write.row.copies} for write in writes] == [{1, 2, 3}] * 2


def test_copies_that_are_ordered_meanwhile_are_kept(state: RtaState) -> None:
    """The third chunk of silence was stored while copies of the others were being ordered."""
    chunk = make_chunk(2, content=SILENCE)
    state.track(chunk)
    state.meanwhile.begin()
    state.note_stored(chunk.key, piece(1, 4), now_ms=3)
    answer = {CID: piece(1, 3, 2)}
    assert forgets_copies(state, answer)
    state.note_placed(answer, now_ms=4)
    copies = [[c.provider_id for c in x.stored.copies] for x in state.chunks.values() if x.stored]
    assert copies == [[1, 3, 2], [1, 3, 2], [1, 3, 2, 4]]
    assert not forgets_copies(state, {CID: piece(1, 3, 2, 4)})


def commit(state: RtaState, provider_id: int) -> None:
    news = PiecesCommitted(provider_id=provider_id, data_set_id=provider_id, pieces={CID: 7})
    state.note_committed(news, now_ms=4)


def test_other_pieces_keep_their_own(state: RtaState) -> None:
    other = piece(2).model_copy(update={"piece_cid": "another"})
    assert copies_of(state, other) == other.copies


def test_a_chunk_that_is_to_be_stored_finds_its_equal(state: RtaState) -> None:
    for sequence, content in ((2, SILENCE), (3, b"\x01" * 500)):
        state.track(make_chunk(sequence, content=content))
    silent, other = list(state.chunks.values())[2:]
    found = stored_equal(state, silent)
    assert found is not None
    assert [copy.provider_id for copy in found.copies] == [1, 3]
    assert stored_equal(state, other) is None
