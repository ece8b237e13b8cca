from __future__ import annotations

from vibesflow.stream.sessions import NAMED_GAPS, Session, Sessions


def test_a_final_marker_waits_for_its_predecessors() -> None:
    session = Session(started_at_ms=1)
    session.receive(2, is_final=True)
    assert not session.has_all
    session.receive(0, is_final=False)
    session.receive(1, is_final=False)
    assert session.has_all


def test_a_later_final_marker_wins_and_asks_for_another_completion() -> None:
    session = Session(started_at_ms=1)
    session.receive(0, is_final=True)
    session.closed = True
    session.receive(0, is_final=True)
    assert session.closed
    session.receive(1, is_final=True)
    assert session.has_all
    assert not session.closed


def test_a_closed_final_is_not_due_again() -> None:
    sessions = Sessions()
    sessions.of(5, "").receive(0, is_final=True)
    assert sessions.final_is_due
    sessions.close_finals()
    assert not sessions.final_is_due
    sessions.of(9, "").receive(0, is_final=False)
    assert not sessions.final_is_due


def test_sessions_stand_in_stream_order() -> None:
    sessions = Sessions()
    for started, producer in [(9, ""), (5, "b"), (5, "a")]:
        sessions.of(started, producer)
    assert sessions.of(5, "a") is sessions.items[0]
    assert [(s.started_at_ms, s.producer) for s in sessions.items] == [(5, "a"), (5, "b"), (9, "")]


def test_gaps_are_named_and_counted() -> None:
    sessions = Sessions()
    sessions.of(1, "").receive(0, is_final=False)
    late = sessions.of(2, "p")
    late.receive(1, is_final=False)
    late.receive(500, is_final=False)
    (gap,) = sessions.gaps
    assert (gap.session_started_at_ms, gap.producer) == (2, "p")
    assert gap.missing_count == 499
    assert gap.missing[:3] == (0, 2, 3)
    assert len(gap.missing) == NAMED_GAPS
