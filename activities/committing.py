"""Putting stored pieces on chain, at most once for a nonce."""

from __future__ import annotations

import asyncio
from datetime import timedelta

from pydantic import BaseModel
from temporalio import activity

from activities import metrics
from activities.describing import tell_sent
from activities.heart import Heart, remembered
from activities.messages import CommitPieces, CommittedPieces, PullPieces
from activities.ports import Committer
from vibesflow.data_set.place import CommitSent
from vibesflow.errors import (
    ApprovalMissing,
    InsufficientFunds,
    NotConfirmedYet,
    ProviderDown,
    ProviderFault,
    ProviderRefused,
    RetryClass,
    TransactionFailed,
)
from vibesflow.filecoin import CommitRequest, Committed, PieceCid, PieceToAdd, Submitted

QUICK_POLLS_S = (0.25, 0.75)
"""A chain that mines at once has confirmed by then, and no retry is spent on it."""
GIVE_UP_AFTER = timedelta(minutes=5)
"""How long a provider may be silent before its pieces are given to others; well inside the two
hours after which providers drop what was not committed."""
COMMIT_DEADLINE = timedelta(minutes=30)
"""A piece that waited longer, for money perhaps, is asked for before it is committed and stored
again if the provider has dropped it. Well inside the two hours of most providers; those that keep
things for less refuse the commit, and are asked then."""
LONGEST_PAUSE_S = 15.0
"""Half an epoch: a confirmation is noticed at most that late."""


class CommitProgress(BaseModel):
    """Heartbeat details: what was sent, so that another attempt asks instead of sending."""

    tx_hash: str | None = None
    data_set_id: int | None = None

    @property
    def submitted(self) -> Submitted | None:
        """What was sent, or None."""
        if self.tx_hash is None:
            return None
        return Submitted(tx_hash=self.tx_hash, data_set_id=self.data_set_id)


class CommitActivities:
    """Signs and sends AddPieces through the provider, then waits for the chain."""

    def __init__(self, committer: Committer) -> None:
        self._committer = committer

    @activity.defn(name="commit_pieces")
    async def commit_pieces(self, request: CommitPieces) -> CommittedPieces:
        """Commit the pieces; waiting is a benign retry, which holds no slot.

        An attempt that does not know what was sent looks on chain before it sends; one that
        knows asks for the receipt.
        """
        commit = request_of(request)
        sent = remembered(CommitProgress) or CommitProgress()
        try:
            async with Heart(sent) as heart:
                return await self._commit(request, commit, sent, heart)
        except (ProviderDown, ProviderFault) as error:
            tried_for = silent_for()
            if error.retry is RetryClass.WAIT or tried_for < GIVE_UP_AFTER:
                raise
            self._committer.note_fault(commit.provider_id)
            minutes = tried_for.total_seconds() / 60
            raise ProviderRefused(f"gave up after {minutes:.0f} min: {error.message}") from error

    async def _commit(
        self, request: CommitPieces, commit: CommitRequest, sent: CommitProgress, heart: Heart
    ) -> CommittedPieces:
        submitted = sent.submitted
        if submitted is None:
            done = await self._committer.look(commit)
            if done is not None:
                return _reply(done)
            await self._afford(commit)
            if _is_aged(request) and (dropped := await self._committer.missing(commit)):
                return CommittedPieces(dropped=dropped)
            try:
                submitted = await self._committer.submit(commit)
            except ProviderRefused:
                if dropped := await self._committer.missing(commit):
                    return CommittedPieces(dropped=dropped)
                raise
            heart.beat(CommitProgress(tx_hash=submitted.tx_hash, data_set_id=submitted.data_set_id))
            await tell_sent(
                CommitSent(
                    nonce=request.nonce,
                    tx_hash=submitted.tx_hash,
                    data_set_id=submitted.data_set_id,
                )
            )
        done = await self._confirm(commit, submitted, heart)
        metrics.note_confirmed(provider_id=commit.provider_id, pieces=len(commit.pieces))
        return _reply(done)

    async def _afford(self, commit: CommitRequest) -> None:
        """Look at the wallet first: a refusal there has a plain reason and costs nobody gas."""
        sizes = [PieceCid.parse(piece.piece_cid).raw_size for piece in commit.pieces]
        judged = await self._committer.preflight(sizes, commit.provider_id, scope=commit.scope)
        try:
            judged.require()
        except (InsufficientFunds, ApprovalMissing):
            metrics.note_unfunded(provider_id=commit.provider_id)
            raise

    async def _confirm(
        self, commit: CommitRequest, submitted: Submitted, heart: Heart
    ) -> Committed:
        attempt = activity.info().attempt
        for pause_s in QUICK_POLLS_S if attempt == 1 else (0.0,):
            await asyncio.sleep(pause_s)
            done = await self._poll(commit, submitted, heart)
            if done is not None:
                return done
        raise NotConfirmedYet(
            f"{submitted.tx_hash} has no receipt yet",
            retry_after_s=min(LONGEST_PAUSE_S, 1.0 * 2 ** min(attempt - 1, 10)),
        )

    async def _poll(
        self, commit: CommitRequest, submitted: Submitted, heart: Heart
    ) -> Committed | None:
        try:
            return await self._committer.poll(commit, submitted)
        except TransactionFailed:
            heart.beat(CommitProgress())  # the next attempt looks, and sends again
            raise
        except (ProviderDown, ProviderFault):
            done = await self._committer.look(commit)  # the chain knows without the provider
            if done is None:
                raise
            return done


def request_of(request: PullPieces) -> CommitRequest:
    """Spell a batch as the library's request; pull and commit of a batch must agree on it."""
    return CommitRequest(
        provider_id=request.provider_id,
        nonce=int(request.nonce, 16),
        scope=request.scope,
        pieces=tuple(PieceToAdd(p.piece_cid, p.metadata) for p in request.pieces),
    )


def silent_for() -> timedelta:
    """How long this activity has been tried, by the server's clock."""
    info = activity.info()
    return info.current_attempt_scheduled_time - info.scheduled_time


def _is_aged(request: CommitPieces) -> bool:
    """Tell whether a piece has waited for so long that it may have been dropped."""
    now_s = activity.info().current_attempt_scheduled_time.timestamp()
    return (
        bool(request.since_ms) and now_s - request.since_ms / 1000 > COMMIT_DEADLINE.total_seconds()
    )


def _reply(done: Committed) -> CommittedPieces:
    return CommittedPieces(
        data_set_id=done.data_set_id, piece_ids=done.piece_ids, tx_hash=done.tx_hash
    )
