from __future__ import annotations

import pytest

from vibesflow.data_set.orders import PieceOrder
from vibesflow.data_set.state import BATCH_PIECES, QUIET_MS, DataSetState

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
