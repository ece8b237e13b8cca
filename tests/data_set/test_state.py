from __future__ import annotations

import pytest

from vibesflow.data_set.orders import PieceOrder
from vibesflow.data_set.state import (
    BATCH_PIECES,
    MOST_GIVEN_UP,
    QUIET_MS,
    DataSetState,
    GivenUp,
)

NOW, LINGER = 1_000_000, 30_000


def order(
    cid: str, rta_id: str = "rta_1", *, urgent: bool = False, patient: bool = False
) -> PieceOrder:
    return PieceOrder(piece_cid=cid, size=500, rta_id=rta_id, urgent=urgent, patient=patient)


@pytest.fixture
def state() -> DataSetState:
    return DataSetState(provider_id=1)


def test_a_piece_waits_for_company_no_longer_than_the_linger_time(state: DataSetState) -> None:
    assert state.due_ms(linger_ms=LINGER) is None
    state.add([order("a")], now_ms=NOW)
    state.add([order("b")], now_ms=NOW + 5_000)
    assert state.due_ms(linger_ms=LINGER) == NOW + LINGER
    state.form_batch("01")
    assert state.due_ms(linger_ms=LINGER) is None


def test_a_full_batch_goes_at_once_and_takes_the_oldest(state: DataSetState) -> None:
    state.add([order(f"c{n}") for n in range(BATCH_PIECES + 5)], now_ms=NOW)
    assert state.due_ms(linger_ms=LINGER) == 0
    batch = state.form_batch("01")
    assert batch.pieces == [f"c{n}" for n in range(BATCH_PIECES)]
    assert state.report().waiting == 5


def test_when_all_who_wait_are_about_to_finish_lingering_ends_with_the_burst(
    state: DataSetState,
) -> None:
    state.add([order("a"), order("b", "rta_2", urgent=True)], now_ms=NOW)
    assert state.due_ms(linger_ms=LINGER) == NOW + LINGER
    state.add([order("c", urgent=True)], now_ms=NOW + 1_000)
    assert state.due_ms(linger_ms=LINGER) == NOW + 1_000 + QUIET_MS
    assert state.due_ms(linger_ms=1_500) == NOW + 1_500


def test_a_piece_stands_once_however_many_streams_want_it(state: DataSetState) -> None:
    state.add([order("silence"), order("silence"), order("silence", "rta_2")], now_ms=NOW)
    state.add([order("other", "rta_2")], now_ms=NOW)
    batch = state.form_batch("01")
    assert batch.pieces == ["silence", "other"]
    told = state.note_committed(batch, 7, {"silence": 3, "other": 4})
    assert told == {"rta_1": {"silence": 3}, "rta_2": {"silence": 3, "other": 4}}
    report = state.report()
    assert (report.committed, report.batches, report.waiting, report.data_set_id) == (2, 1, 0, 7)


def test_refused_pieces_leave_the_batch_and_the_rest_goes_on(state: DataSetState) -> None:
    state.add([order("a"), order("b", "rta_2")], now_ms=NOW)
    batch = state.form_batch("01")
    assert state.note_refused(batch, ["b"]) == {"rta_2": {"b": ""}}
    assert batch.pieces == ["a"]
    assert state.batch is batch
    assert state.streams == ["rta_1"]
    assert state.note_refused(batch, ["a"]) == {"rta_1": {"a": ""}}
    assert state.batch is None


def test_a_refusal_names_the_newest_order_of_each_stream(state: DataSetState) -> None:
    for rta_id, order_id in (("rta_1", "01"), ("rta_2", "02"), ("rta_1", "03")):
        again = order("a", rta_id).model_copy(update={"order_id": order_id})
        state.add([again], now_ms=NOW)
    state = DataSetState.model_validate_json(state.model_dump_json())
    told = state.note_refused(state.form_batch("01"), ["a"])
    assert told == {"rta_1": {"a": "03"}, "rta_2": {"a": "02"}}


def test_it_travels_to_the_next_run(state: DataSetState) -> None:
    state.add([order("a", urgent=True)], now_ms=NOW)
    state.form_batch("0f")
    again = DataSetState.model_validate_json(state.model_dump_json())
    assert again == state


def test_a_document_lingers_and_holds_up_nobody(state: DataSetState) -> None:
    state.add([order("doc", "rta_9", patient=True)], now_ms=NOW)
    assert state.due_ms(linger_ms=LINGER) == NOW + LINGER
    state.add([order("a", urgent=True)], now_ms=NOW + 1_000)
    assert state.due_ms(linger_ms=LINGER) == NOW + 1_000 + QUIET_MS


def given_up(state: DataSetState, nonce: str, *cids: str) -> None:
    """Have a commit of pieces fail for good."""
    state.add([order(cid) for cid in cids], now_ms=NOW)
    batch = state.form_batch(nonce)
    assert batch.pieces == list(cids)
    state.note_given_up(batch)
    state.note_refused(batch, cids)


def test_a_piece_of_a_commit_that_may_land_keeps_its_nonce(state: DataSetState) -> None:
    given_up(state, "01", "a", "b", "c")
    state.add([order("new"), order("c"), order("a")], now_ms=NOW)
    batch = state.form_batch("02")
    assert (batch.nonce, batch.pieces) == ("01", ["a", "c"])
    state.note_committed(batch, 7, {"a": 0, "c": 2})
    state.add([order("b")], now_ms=NOW)
    batch = state.form_batch("02")
    assert (batch.nonce, batch.pieces) == ("02", ["new", "b"]), "01 has landed without b"
    assert state.report().given_up == 0


def test_a_nonce_given_up_twice_stands_for_what_was_sent_both_times(state: DataSetState) -> None:
    given_up(state, "01", "a", "b")
    state.add([order("b")], now_ms=NOW)
    batch = state.form_batch("02")
    state.note_given_up(batch)
    state.note_refused(batch, ["b"])
    assert state.given_up == [GivenUp(nonce="01", pieces=["b"])]
    state.add([order("a")], now_ms=NOW)
    assert state.form_batch("02").nonce == "02"


def test_only_so_many_commits_that_may_land_are_kept_in_mind(state: DataSetState) -> None:
    for number in range(5):
        given_up(state, f"{number:02}", *(f"c{number}_{n}" for n in range(BATCH_PIECES)))
    assert [commit.nonce for commit in state.given_up] == ["03", "04"]
    assert sum(len(commit.pieces) for commit in state.given_up) == MOST_GIVEN_UP
    assert state.report().given_up == 2
