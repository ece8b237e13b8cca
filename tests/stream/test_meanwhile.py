"""News that overtake the answer to an order are not forgotten when it comes."""

from __future__ import annotations

import pytest

from tests.stream.chunks import PIECE_CID as CID
from tests.stream.chunks import make_chunk
from tests.stream.chunks import make_piece as piece
from vibesflow.data_set.orders import PiecesPostponed, PiecesRefused
from vibesflow.stream.setbacks import note_postponed, note_refused
from vibesflow.stream.state import RtaState


@pytest.fixture
def state() -> RtaState:
    state = RtaState(rta_id="rta_1", opened=True)
    chunk = make_chunk(0)
    state.track(chunk)
    state.note_stored(chunk.key, piece(1), now_ms=1)
    state.meanwhile.begin()
    return state


def test_an_order_put_off_while_it_was_placed_is_placed_again(state: RtaState) -> None:
    note_postponed(state, PiecesPostponed(provider_id=2, pieces=(CID,)), now_ms=1)
    state.note_placed({CID: piece(1, 2)}, now_ms=2)
    assert [item.unordered for item in state.to_place()] == [True]


def test_an_order_refused_while_it_was_placed_is_placed_there_again(state: RtaState) -> None:
    """The data set may have taken it after it refused; a second provider would be one too many."""
    note_refused(state, PiecesRefused(provider_id=2, pieces=(CID,), reason="full"), now_ms=1)
    state.note_placed({CID: piece(1, 2)}, now_ms=2)
    (item,) = state.to_place()
    assert item.unordered
    assert item.stored is not None
    assert [copy.provider_id for copy in item.stored.copies] == [1, 2]


def test_what_was_said_before_an_order_is_not_held_against_it(state: RtaState) -> None:
    note_postponed(state, PiecesPostponed(provider_id=2, pieces=(CID,)), now_ms=1)
    state.meanwhile.begin()
    state.note_placed({CID: piece(1, 2)}, now_ms=2)
    assert state.to_place() == []
