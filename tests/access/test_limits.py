"""Buckets, slots and volumes: bounded, fair, and exact."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vibesflow.access.buckets import Buckets
from vibesflow.access.slots import Slots
from vibesflow.access.volumes import Volumes
from vibesflow.errors import Overloaded, RateLimited, TicketSpent


class Clock:
    now_s = 0.0

    def __call__(self) -> float:
        return self.now_s


def taken(buckets: Buckets, key: str, per_minute: float) -> bool:
    try:
        buckets.take(key, per_minute=per_minute, what="the test")
    except RateLimited:
        return False
    return True


def test_a_minutes_worth_comes_at_once_and_then_a_steady_flow():
    clock = Clock()
    buckets = Buckets(clock=clock)
    assert [taken(buckets, "a", 6) for _ in range(8)] == [True] * 6 + [False] * 2
    with pytest.raises(RateLimited) as refusal:
        buckets.take("a", per_minute=6, what="the test")
    assert refusal.value.retry_after_s == pytest.approx(10)
    clock.now_s = 9.9
    assert not taken(buckets, "a", 6)
    clock.now_s = 10.1
    assert [taken(buckets, "a", 6) for _ in range(2)] == [True, False]
    assert taken(buckets, "b", 6)


@given(
    steps=st.lists(st.floats(0, 30), max_size=200),
    per_minute=st.integers(1, 100),
)
def test_no_more_comes_than_a_minutes_worth_and_the_flow(steps, per_minute):
    clock = Clock()
    buckets = Buckets(clock=clock)
    count = 0
    for step in steps:
        clock.now_s += step
        count += taken(buckets, "a", per_minute)
    assert count <= per_minute + clock.now_s * per_minute / 60 + 1e-6


def test_nothing_is_limited_by_nought():
    buckets = Buckets()
    assert all(taken(buckets, "a", 0) for _ in range(100))
    assert len(buckets) == 0


def test_the_table_of_buckets_is_bounded_and_keeps_who_is_busy():
    clock = Clock()
    buckets = Buckets(most_keys=10, clock=clock)
    assert [taken(buckets, "busy", 2) for _ in range(2)] == [True, True]
    for number in range(5):
        assert taken(buckets, f"passer-by {number}", 2)
        assert not taken(buckets, "busy", 2)
    for number in range(1_000):
        assert taken(buckets, f"liar {number}", 2)
    assert len(buckets) == 10


def test_slots_are_given_back_whatever_happens():
    slots = Slots(most=2, most_each=1)
    with pytest.raises(ZeroDivisionError), slots.hold("a"):
        raise ZeroDivisionError
    with slots.hold("a"), slots.hold("b"):
        with pytest.raises(RateLimited), slots.hold("a"):
            pass
        with pytest.raises(Overloaded), slots.hold("c"):
            pass
        assert slots.total == 2
    assert slots.total == 0
    with slots.hold("a"):
        assert slots.total == 1


def test_only_what_is_kept_counts():
    volumes = Volumes()
    with volumes.metered("a", 100, None) as meter:
        meter.take(60)
    assert volumes.of("a") == 0
    with volumes.metered("a", 100, None) as meter:
        meter.take(60)
        meter.kept = True
    with volumes.metered("a", 100, None) as meter, pytest.raises(TicketSpent):
        meter.take(41)
    assert volumes.of("a") == 60


def test_chunks_under_way_count_while_they_are():
    volumes = Volumes()
    with volumes.metered("a", 100, None) as one, volumes.metered("a", 100, None) as other:
        one.take(60)
        with pytest.raises(TicketSpent):
            other.take(60)
        other.take(40)
    assert volumes.of("a") == 0


def test_a_chunk_has_a_limit_of_its_own():
    with Volumes().metered("a", None, 10) as meter:
        meter.take(10)
        with pytest.raises(TicketSpent, match="10 bytes a chunk"):
            meter.take(1)


def test_what_the_table_says_is_learnt_once_and_never_shrinks():
    volumes = Volumes(most_streams=3)
    with volumes.metered("a", 100, None) as meter:
        meter.take(60)
        meter.kept = True
    assert volumes.wants_to_know("a")
    volumes.at_least("a", 50)
    assert volumes.of("a") == 60
    volumes.at_least("a", 90)
    assert (volumes.of("a"), volumes.wants_to_know("a")) == (90, False)
    for name in "bcd":
        volumes.at_least(name, 1)
    assert volumes.of("a") == 0


def test_streams_without_a_limit_take_no_room():
    volumes = Volumes()
    with volumes.metered("a", None, None) as meter:
        meter.take(60)
        meter.kept = True
    assert (volumes.of("a"), volumes.wants_to_know("a")) == (0, False)
