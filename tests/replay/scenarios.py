"""Lives of streams whose histories are kept and replayed by every later version of the code."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta

from temporalio.testing import WorkflowEnvironment

from tests.stream.chunks import make_chunk
from tests.workflows.harness import StreamHarness
from vibesflow.data_set.state import MOST_QUEUED
from vibesflow.errors import CommitUnknown, ContractReverted, ProviderLied

Scenario = Callable[[WorkflowEnvironment, StreamHarness, str], Awaitable[None]]


async def silence(env: WorkflowEnvironment, streams: StreamHarness, rta_id: str) -> None:
    """Three chunks, a duplicate, then the window."""
    await streams.send(rta_id, 0, 1, 1, 2)
    await streams.result(rta_id)


async def final_marker(env: WorkflowEnvironment, streams: StreamHarness, rta_id: str) -> None:
    """The last chunk comes first."""
    await streams.send(rta_id, 2, 0, 1, final=2)
    await streams.result(rta_id)


async def window_rearmed(env: WorkflowEnvironment, streams: StreamHarness, rta_id: str) -> None:
    """A chunk every four minutes."""
    for sequence in range(4):
        await streams.send(rta_id, sequence)
        await env.sleep(timedelta(minutes=4))
    await streams.result(rta_id)


async def reopened(env: WorkflowEnvironment, streams: StreamHarness, rta_id: str) -> None:
    """A late chunk, a suspect among the known numbers, and version 2."""
    await streams.send(rta_id, 0, 2, final=2)
    await streams.result(rta_id)
    await streams.send(rta_id, 0, 1)
    await streams.result(rta_id)


async def parked_and_retried(env: WorkflowEnvironment, streams: StreamHarness, rta_id: str) -> None:
    """Bytes that were missing come back."""
    lost = make_chunk(1, rta_id=rta_id, final=True)
    await streams.send(rta_id, 0)
    await streams.streams.submit(lost)
    await streams.result(rta_id)
    await streams.stage(lost)
    await streams.streams.retry(rta_id)
    await streams.result(rta_id)


async def chain_in_trouble(env: WorkflowEnvironment, streams: StreamHarness, rta_id: str) -> None:
    """A lying provider, a lost answer, a refused commit, and a chain that stands still."""
    streams.filecoin.store_faults = [ProviderLied("another CID")]
    streams.filecoin.commit_faults = [CommitUnknown("500"), ContractReverted("not stored")]
    await streams.send(rta_id, 0)
    await env.sleep(timedelta(seconds=30))
    streams.filecoin.chain_open = False
    await streams.send(rta_id, 1, final=1)
    await env.sleep(timedelta(minutes=40))
    streams.filecoin.chain_open = True
    await streams.result(rta_id)


async def completed_by_hand(env: WorkflowEnvironment, streams: StreamHarness, rta_id: str) -> None:
    """The update answers, and a query in between costs no history."""
    await streams.send(rta_id, 0, 1)
    await streams.status(rta_id)
    await streams.streams.complete(rta_id)
    await streams.result(rta_id)


async def wallet_runs_dry(env: WorkflowEnvironment, streams: StreamHarness, rta_id: str) -> None:
    """Commits pause, the stream says why, and everything resumes by itself."""
    streams.filecoin.wallet_is_empty = True
    await streams.send(rta_id, 0, 1, final=1)
    await env.sleep(timedelta(minutes=2))
    streams.filecoin.wallet_is_empty = False
    await streams.result(rta_id)


async def copies_replaced(env: WorkflowEnvironment, streams: StreamHarness, rta_id: str) -> None:
    """Two copies, of which one provider refuses its own."""
    streams.filecoin.refuses_pulls = {2}
    await streams.send(rta_id, 0, 1, final=1)
    await streams.result(rta_id)


async def pinned_meanwhile(env: WorkflowEnvironment, streams: StreamHarness, rta_id: str) -> None:
    """No provider takes the second chunk: it is pinned, given up, and repaired an hour later."""
    await streams.send(rta_id, 0)
    await env.sleep(timedelta(seconds=20))
    streams.filecoin.full = {1, 2, 3}
    await streams.send(rta_id, 1, final=1)
    await env.sleep(timedelta(minutes=58))
    streams.filecoin.full = set()
    await streams.result(rta_id)


async def continued(env: WorkflowEnvironment, streams: StreamHarness, rta_id: str) -> None:
    """The server finds the histories long: stream and data set begin anew, again and again."""
    for sequence in range(12):
        await streams.send(rta_id, sequence, final=11)
        await env.sleep(timedelta(seconds=0.5))
    await streams.result(rta_id)


async def postponed(env: WorkflowEnvironment, streams: StreamHarness, rta_id: str) -> None:
    """A data set has room for one order only, while the chain stands still."""
    streams.filecoin.chain_open = False
    await streams.send(rta_id, 0, 1, 2, final=2)
    await env.sleep(timedelta(minutes=2))
    streams.filecoin.chain_open = True
    await streams.result(rta_id)


async def given_up(env: WorkflowEnvironment, streams: StreamHarness, rta_id: str) -> None:
    """A provider takes a commit, is silent until others are found, and sends it an hour later."""
    streams.filecoin.sends_late = {2}
    await streams.send(rta_id, 0, 1, final=1)
    await streams.result(rta_id)
    await env.sleep(timedelta(hours=1))
    streams.filecoin.sends_late = set()
    await env.sleep(timedelta(hours=6))


@dataclass(frozen=True)
class Setting:
    """The world that a scenario is lived in.

    Attributes:
        suggested_events: from which length on the server suggests to continue as new; it is the
            full server then, in real time, and the histories say what it suggested.
        most_queued: orders that a data set has room for; other than its own bound, so its history
            would not replay.
    """

    copies: int = 1
    pins: bool = False
    suggested_events: int | None = None
    most_queued: int = MOST_QUEUED

    @property
    def replays_data_sets(self) -> bool:
        return self.most_queued == MOST_QUEUED


SCENARIOS: dict[Scenario, Setting] = {
    silence: Setting(),
    final_marker: Setting(),
    window_rearmed: Setting(),
    reopened: Setting(),
    parked_and_retried: Setting(),
    chain_in_trouble: Setting(),
    completed_by_hand: Setting(),
    wallet_runs_dry: Setting(),
    copies_replaced: Setting(copies=2),
    pinned_meanwhile: Setting(pins=True),
    continued: Setting(suggested_events=40),
    postponed: Setting(most_queued=1),
    given_up: Setting(copies=2),
}
