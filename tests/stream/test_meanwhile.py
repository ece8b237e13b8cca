"""News that overtake the answer to an order are not forgotten when it comes."""

from __future__ import annotations

import pytest

from tests.stream.chunks import make_chunk
from vibesflow.data_set.orders import PiecesRefused
from vibesflow.stream.placement import Copy, StoredPiece
from vibesflow.stream.state import RtaState

CID = "bafkzcibcd4bdomn3tgwgrh3g532zopskstnbrd2n3sxfqbze7rxt7vqn7veigmy"


def piece(*providers: int) -> StoredPiece:
    copies = [Copy(provider_id=n, base_url=f"http://p{n}/piece/") for n in providers]
    return StoredPiece(piece_cid=CID, wanted=2, copies=copies)


@pytest.fixture
def state() -> RtaState:
    state = RtaState(rta_id="rta_1", opened=True)
    chunk = make_chunk(0)
    state.track(chunk)
    state.note_stored(chunk.key, piece(1), now_ms=1)
    state.meanwhile.begin()
    return state


def test_an_order_put_off_while_it_was_placed_is_placed_again(state: RtaState) -> None:
    state.note_postponed([CID])
    state.note_placed({CID: piece(1, 2)}, now_ms=2)
    assert [item.unordered for item in state.to_place()] == [True]


def test_a_provider_refused_while_copies_were_placed_does_not_come_back(state: RtaState) -> None:
    state.note_refused(PiecesRefused(provider_id=2, pieces=(CID,), reason="full"))
    state.note_placed({CID: piece(1, 2)}, now_ms=2)
    (chunk,) = state.chunks.values()
    assert chunk.stored is not None
    assert [copy.provider_id for copy in chunk.stored.copies] == [1]


def test_what_was_said_before_an_order_is_not_held_against_it(state: RtaState) -> None:
    state.note_postponed([CID])
    state.meanwhile.begin()
    state.note_placed({CID: piece(1, 2)}, now_ms=2)
    assert state.to_place() == []
