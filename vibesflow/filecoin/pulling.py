"""Copying pieces from provider to provider, with the authorization of the commit that follows."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from vibesflow.errors import (
    ContractReverted,
    NotConfirmedYet,
    ProviderFault,
    VibesflowError,
)
from vibesflow.filecoin.authorizing import PASSING_REVERTS, Authorization, Authorizer
from vibesflow.filecoin.commit_request import CommitRequest, PullState
from vibesflow.filecoin.provider_status import PulledPiece
from vibesflow.filecoin.readiness import published

RACE_PAUSE_S: Final = 2.0
"""Another commit is creating or ending the data set; what we sign changes that much later."""


class Pulls:
    """Has providers fetch pieces from each other; every call is one question.

    Args:
        authorizer: signs what the commit will send.
        record_keeper: the FWSS contract.
    """

    def __init__(self, authorizer: Authorizer, record_keeper: str) -> None:
        self._authorizer = authorizer
        self._record_keeper = record_keeper

    async def pull(
        self, request: CommitRequest, sources: Mapping[str, str]
    ) -> dict[str, PullState]:
        """Begin to copy the request's pieces to its provider, or ask how far that is.

        The provider knows a pull by what is signed, so the same request asks about the same
        pull. A piece that failed stays failed for it: take another nonce to try again, or from
        another source. Pieces that the data set holds are complete, and so are those that the
        provider has published: its word that a pull is complete does not suffice, because pieces
        that are not published yet are refused when they are committed.

        Args:
            request: the commit that will follow.
            sources: address of each piece, by PieceCID; of those that the provider is to hold
                already, none.

        Returns:
            A state for each PieceCID of the request.

        Raises:
            ContractReverted: the contracts would refuse the commit.
            SessionKeyUnauthorized: our key is a session key that may not sign this.
            NotConfirmedYet: the data set is just being created or ended.
            ProviderBusy: its queues are full; it says for how long.
            ProviderRefused: it will not have this request.
            ProviderDown: it does not answer.
            ChainDown: the chain cannot be asked.
        """
        if await self._authorizer.use_of(request.nonce):
            return dict.fromkeys(_cids(request), PullState.COMPLETE)
        permitted = await self._authorizer.authorize(request)
        # the permission is for all pieces together, so those that are there are named as well
        own = {cid: permitted.provider.piece_url(cid) for cid in permitted.cids}
        states = await self._ask(permitted, {**own, **sources}) if permitted.pieces else {}
        return {cid: states.get(cid, PullState.COMPLETE) for cid in _cids(request)}

    async def _ask(
        self, permitted: Authorization, sources: Mapping[str, str]
    ) -> dict[str, PullState]:
        try:
            states = await self._post(permitted, sources)
        except VibesflowError:
            held = await published(permitted.provider, permitted.cids)
            if not all(held.values()):
                raise
            return dict.fromkeys(held, PullState.COMPLETE)
        settled = [cid for cid, state in states.items() if state.settled]
        held = await published(permitted.provider, settled)
        return states | {cid: _as_held(states[cid], held[cid]) for cid in settled}

    async def _post(
        self, permitted: Authorization, sources: Mapping[str, str]
    ) -> dict[str, PullState]:
        try:
            answer = await permitted.provider.pull(
                [(cid, sources[cid]) for cid in permitted.cids],
                permitted.extra_data,
                record_keeper=self._record_keeper,
                data_set_id=permitted.data_set_id,
            )
        except ContractReverted as error:
            if unauthorized := self._authorizer.guard.named(error):
                raise unauthorized from error
            if error.reason not in PASSING_REVERTS:
                raise
            raise NotConfirmedYet(
                f"the data set is changing: {error}", retry_after_s=RACE_PAUSE_S
            ) from error
        return _states(permitted, answer)


def _states(permitted: Authorization, answer: tuple[PulledPiece, ...]) -> dict[str, PullState]:
    told = {piece.piece_cid: piece for piece in answer}
    states = {}
    for cid in permitted.cids:
        state = told[cid].state if cid in told else None
        if state is None:
            raise ProviderFault(f"the provider does not tell how far the copy of {cid} is")
        states[cid] = state
    return states


def _as_held(told: PullState, held: bool | None) -> PullState:
    """Correct what a provider tells of a pull by whether it has published the piece."""
    if held:
        return PullState.COMPLETE
    return PullState.UNPUBLISHED if told is PullState.COMPLETE else told


def _cids(request: CommitRequest) -> list[str]:
    return [piece.piece_cid for piece in request.distinct_pieces]
