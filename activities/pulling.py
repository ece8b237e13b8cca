"""Having a provider fetch pieces from another one, before they are committed there."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import timedelta

from pydantic import BaseModel
from temporalio import activity

from activities.committing import attempted_at_s, request_of
from activities.heart import Heart, remembered
from activities.messages import PulledPieces, PullPieces
from activities.ports import Committer
from vibesflow.errors import (
    PieceNotReady,
    ProviderDown,
    ProviderFault,
    ProviderRefused,
    RetryClass,
)
from vibesflow.filecoin import PullState

LONGEST_PAUSE_S = 8.0
PATIENCE = timedelta(seconds=45)
"""How long a provider may fail a pull: a restart takes seconds, and another can have the copy."""
PUBLISHING = timedelta(minutes=2)
"""How long a pulled piece may stay unpublished; it takes seconds, unless it was dropped again."""


class PullProgress(BaseModel):
    """Heartbeat details: since when all that a pull still lacks is being published."""

    unpublished_since_s: float


class PullActivities:
    """Provider-to-provider copies."""

    def __init__(self, committer: Committer) -> None:
        self._committer = committer

    @activity.defn(name="pull_pieces")
    async def pull_pieces(self, request: PullPieces) -> PulledPieces:
        """Ask until each piece is there or has failed; asking again is the provider's own poll.

        The very authorization that the commit will send goes along, so the provider can check
        beforehand that it would be paid (Curio PDP API, pull).
        """
        async with Heart(remembered(PullProgress)):
            return await self._pull(request)

    async def _pull(self, request: PullPieces) -> PulledPieces:
        sources = {p.piece_cid: p.source_url for p in request.pieces if p.source_url}
        states = await self._ask(request, sources)
        waiting = [cid for cid, state in states.items() if not state.settled]
        if waiting and not _lost(states[cid] for cid in waiting):
            attempt = activity.info().attempt
            raise PieceNotReady(
                f"{len(waiting)} of {len(states)} pieces are still being pulled",
                retry_after_s=min(LONGEST_PAUSE_S, 1.0 * 1.5 ** min(attempt - 1, 10)),
            )
        failed = tuple(cid for cid, state in states.items() if state is not PullState.COMPLETE)
        if failed:
            self._committer.note_fault(request.provider_id)
        return PulledPieces(failed=failed)

    async def _ask(self, request: PullPieces, sources: Mapping[str, str]) -> dict[str, PullState]:
        """Ask once; a provider that keeps failing is given up, and others take its copies."""
        try:
            return await self._committer.pull(request_of(request), sources)
        except (ProviderDown, ProviderFault) as error:
            self._committer.note_fault(request.provider_id)
            tried_for = _tried_for()
            if error.retry is RetryClass.WAIT or tried_for < PATIENCE:
                raise
            seconds = tried_for.total_seconds()
            raise ProviderRefused(f"gave up after {seconds:.0f} s: {error.message}") from error


def _tried_for() -> timedelta:
    """How long this activity has been tried, by the server's clock."""
    info = activity.info()
    return info.current_attempt_scheduled_time - info.scheduled_time


def _lost(states: Iterable[PullState]) -> bool:
    """Tell whether all that is lacking was pulled and has been unpublished for too long."""
    if any(state is not PullState.UNPUBLISHED for state in states):
        return False
    now_s = attempted_at_s()
    since = remembered(PullProgress) or PullProgress(unpublished_since_s=now_s)
    activity.heartbeat(since)
    return now_s - since.unpublished_since_s > PUBLISHING.total_seconds()
