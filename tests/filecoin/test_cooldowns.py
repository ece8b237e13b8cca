from __future__ import annotations

import pytest

from vibesflow.filecoin.cooldowns import FIRST_S, LONGEST_S, Cooldowns


class Clock:
    now_s = 0.0

    def __call__(self) -> float:
        return self.now_s


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def cooldowns(clock: Clock) -> Cooldowns:
    return Cooldowns(now_s=clock)


def _rest_s(cooldowns: Cooldowns, clock: Clock) -> float:
    """Note a fault, wait until the rest is over; returns how long that took."""
    began_s = clock.now_s
    cooldowns.note_fault(1)
    while cooldowns.rests(1):
        clock.now_s += FIRST_S / 2
    return clock.now_s - began_s


def test_each_rest_is_twice_as_long_up_to_a_limit(cooldowns: Cooldowns, clock: Clock) -> None:
    rests_s = [_rest_s(cooldowns, clock) for _ in range(6)]
    assert rests_s == [60, 120, 240, 480, LONGEST_S, LONGEST_S]


def test_faults_during_a_rest_count_once(cooldowns: Cooldowns, clock: Clock) -> None:
    for _ in range(5):
        cooldowns.note_fault(1)
        clock.now_s += 1
    clock.now_s = FIRST_S
    assert not cooldowns.rests(1)


def test_a_success_ends_the_rest_and_the_doubling(cooldowns: Cooldowns, clock: Clock) -> None:
    _rest_s(cooldowns, clock)
    cooldowns.note_fault(1)
    cooldowns.note_success(1)
    assert not cooldowns.rests(1)
    assert _rest_s(cooldowns, clock) == FIRST_S


def test_others_are_not_touched(cooldowns: Cooldowns) -> None:
    cooldowns.note_fault(1)
    assert not cooldowns.rests(2)
    cooldowns.note_success(2)
    assert cooldowns.rests(1)
