"""Putting stored pieces on chain, at most once for a nonce."""

from __future__ import annotations

import asyncio
import time
from datetime import timedelta

from temporalio import activity

from activities import metrics
from activities.commit_progress import LOOK_AFTER, CommitProgress
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
    VibesflowError,
)
from vibesflow.filecoin import CommitRequest, Committed, PieceCid, PieceToAdd, Submitted

QUICK_POLLS_S = (0.25, 0.75)
"""A chain that mines at once has confirmed by then, and no retry is spent on it."""
COMMIT_DEADLINE = timedelta(minutes=30)
"""A piece that waited longer, for money perhaps, is asked for before it is committed and stored
again if the provider has dropped it. Well inside the two hours of most providers; those that keep
things for less refuse the commit, and are asked then."""
LONGEST_PAUSE_S = 15.0
"""Half an epoch: a confirmation is noticed at most that late."""


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
        progress = remembered(CommitProgress) or CommitProgress()
        began_s = time.monotonic()
        async with Heart(progress) as heart:
            try:
                return await self._commit(request, commit, progress, heart)
            except VibesflowError as error:
                at_s = attempted_at_s()
                progress.note_error(error, at_s=at_s)
                heart.beat(progress)
                now_s = at_s + time.monotonic() - began_s
                if refusal := progress.refusal(error, at_s=now_s):
                    self._committer.note_fault(commit.provider_id)
                    raise refusal from error
                raise

    async def _commit(
        self, request: CommitPieces, commit: CommitRequest, progress: CommitProgress, heart: Heart
    ) -> CommittedPieces:
        submitted = progress.submitted
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
            progress.note_submitted(submitted, at_s=attempted_at_s())
            heart.beat(progress)
            await tell_sent(
                CommitSent(
                    nonce=request.nonce,
                    tx_hash=submitted.tx_hash,
                    data_set_id=submitted.data_set_id,
                )
            )
        done = await self._confirm(commit, submitted, progress)
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
        self, commit: CommitRequest, submitted: Submitted, progress: CommitProgress
    ) -> Committed:
        attempt = activity.info().attempt
        for pause_s in QUICK_POLLS_S if attempt == 1 else (0.0,):
            await asyncio.sleep(pause_s)
            done = await self._poll(commit, submitted)
            if done is not None:
                return done
        if progress.is_pending_since(LOOK_AFTER, at_s=attempted_at_s()):
            done = await self._committer.look(commit)  # the provider may never see the receipt
            if done is not None:
                return done
        raise NotConfirmedYet(
            f"{submitted.tx_hash} has no receipt yet",
            retry_after_s=min(LONGEST_PAUSE_S, 1.0 * 2 ** min(attempt - 1, 10)),
        )

    async def _poll(self, commit: CommitRequest, submitted: Submitted) -> Committed | None:
        try:
            return await self._committer.poll(commit, submitted)
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


def attempted_at_s() -> float:
    """When this attempt was scheduled, in epoch seconds of the server's clock."""
    return activity.info().current_attempt_scheduled_time.timestamp()


def _is_aged(request: CommitPieces) -> bool:
    """Tell whether a piece has waited for so long that it may have been dropped."""
    waited_s = attempted_at_s() - request.since_ms / 1000
    return bool(request.since_ms) and waited_s > COMMIT_DEADLINE.total_seconds()


def _reply(done: Committed) -> CommittedPieces:
    return CommittedPieces(
        data_set_id=done.data_set_id, piece_ids=done.piece_ids, tx_hash=done.tx_hash
    )
