"""The audit's steps that block in the table send heartbeats meanwhile."""

from __future__ import annotations

import time
from collections.abc import Callable, Coroutine
from typing import Any
from unittest.mock import Mock

import pytest
from temporalio.testing import ActivityEnvironment

from activities import heart
from activities.audit_messages import ConcludeStream, ListStreams, MoveCopies
from activities.checking import CheckingActivities
from activities.repairing import RepairActivities
from vibesflow.ledger.port import Ledger
from vibesflow.stream.records import StreamPage
from workflows.policies import ALL_STEPS


def slow(answer: object = None) -> Callable[..., object]:
    def call(*_: object, **__: object) -> object:
        time.sleep(0.3)
        return answer

    return call


def checks(ledger: Ledger) -> CheckingActivities:
    return CheckingActivities(ledger, Mock(), Mock(), Mock(), wanted=2, grace_epochs=0)


def repairs(ledger: Ledger) -> RepairActivities:
    return RepairActivities(ledger, Mock(), Mock(), Mock(), Mock())


@pytest.mark.parametrize(
    "step",
    [
        lambda ledger: checks(ledger).list_streams(ListStreams(limit=1)),
        lambda ledger: repairs(ledger).move_copies(MoveCopies(rta_id="rta_1", moves=())),
        lambda ledger: repairs(ledger).conclude_stream(
            ConcludeStream(rta_id="rta_1", at="2026-11-23T00:00:00.000Z", result="ok")
        ),
    ],
    ids=["list", "move", "conclude"],
)
async def test_a_slow_table_is_waited_for_with_heartbeats(
    step: Callable[[Ledger], Coroutine[Any, Any, object]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(heart, "BEAT_S", 0.05)
    ledger = Mock(Ledger)
    ledger.list_completed = slow(StreamPage(streams=()))
    ledger.move_copies = ledger.note_audit = slow()
    beats: list[tuple[object, ...]] = []
    world = ActivityEnvironment()
    world.on_heartbeat = lambda *details: beats.append(details)

    async def run() -> None:
        await step(ledger)

    await world.run(run)
    assert beats


def test_what_a_dead_worker_had_under_way_is_noticed_wherever_somebody_waits() -> None:
    unheard = {step.name for step in ALL_STEPS if step.heartbeat is None}
    assert unheard == {"describe_place", "unpin_chunks"}, "nobody waits for these"
