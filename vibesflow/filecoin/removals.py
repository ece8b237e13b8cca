"""Removing pieces from a data set, at its payer's word."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from vibesflow.errors import ChainFault, InvalidInput, NotFound
from vibesflow.filecoin.authorizing import FindProvider
from vibesflow.filecoin.chain import Chain
from vibesflow.filecoin.chain_views import DataSetView
from vibesflow.filecoin.permissions import Permission
from vibesflow.filecoin.permits import Permits
from vibesflow.filecoin.session_guard import SessionGuard

MAX_REMOVALS: Final = 35
"""Most pieces that one request may remove, and that may wait for removal (Curio PDP API)."""


class PieceState(StrEnum):
    """How a piece of a data set stands."""

    HELD = "held"
    SCHEDULED = "scheduled"
    """It goes at the data set's next proving period."""
    REMOVED = "removed"
    """It is gone, or never was."""


@dataclass(frozen=True, slots=True)
class Removal:
    """What a request for removal came to.

    Attributes:
        piece_ids: those that were asked for; the others were scheduled or gone before.
        tx_hash: the provider's transaction; empty when nothing had to be sent.
    """

    piece_ids: tuple[int, ...]
    tx_hash: str


class Removals:
    """Removes pieces of one payer's data sets.

    Args:
        chain: what is read.
        permits: what is signed.
        guard: knows whether our key may sign.
        find_provider: from an id to the provider and its client.
    """

    def __init__(
        self, chain: Chain, permits: Permits, guard: SessionGuard, find_provider: FindProvider
    ) -> None:
        self._chain = chain
        self._permits = permits
        self._guard = guard
        self._find_provider = find_provider

    async def remove(self, data_set_id: int, piece_ids: Sequence[int]) -> Removal:
        """Have pieces removed; asking again is safe, whatever became of the first request.

        Args:
            data_set_id: the set on chain.
            piece_ids: 1 to 35 ids inside the set; those that are scheduled or gone are left out.

        Raises:
            InvalidInput: no piece, or too many at once.
            NotFound: there is no such data set.
            ContractReverted: the contracts refuse; a set that has ended lets nothing be removed.
            SessionKeyUnauthorized: our key is a session key that may not sign this.
            CommitUnknown: it may or may not have been sent.
            NotConfirmedYet: the provider does not know a piece (yet); nothing was sent.
            ProviderBusy: as many removals as are allowed wait for the next proving period.
            ProviderFault: the provider refuses.
            ProviderDown: the provider cannot be reached; nothing was sent.
            ChainDown: the chain cannot be asked; nothing was sent.
        """
        wanted = tuple(dict.fromkeys(piece_ids))
        if not 1 <= len(wanted) <= MAX_REMOVALS:
            raise InvalidInput(f"1 to {MAX_REMOVALS} pieces are removed at once, not {len(wanted)}")
        data_set = await existing(self._chain, data_set_id)
        states = await self.states(data_set_id, wanted)
        held = tuple(piece_id for piece_id in wanted if states[piece_id] is PieceState.HELD)
        if not held:
            return Removal((), "")
        await self._guard.check([Permission.SCHEDULE_PIECE_REMOVALS])
        _, provider = await self._find_provider(data_set.provider_id)
        permit = self._permits.remove(data_set.client_data_set_id, held)
        try:
            return Removal(held, await provider.remove_pieces(data_set_id, held, permit))
        except ChainFault as error:
            if unauthorized := self._guard.named(error):
                raise unauthorized from error
            raise

    async def states(self, data_set_id: int, piece_ids: Sequence[int]) -> dict[int, PieceState]:
        """Tell from the chain how pieces of a live data set stand.

        Raises:
            ContractReverted: the data set was deleted.
            ChainDown: the chain cannot be asked.
        """
        scheduled = await self._chain.scheduled_removals(data_set_id)
        held = await self._chain.pieces_held(data_set_id, piece_ids)
        return {
            piece_id: PieceState.REMOVED
            if piece_id not in held
            else PieceState.SCHEDULED
            if piece_id in scheduled
            else PieceState.HELD
            for piece_id in piece_ids
        }


async def existing(chain: Chain, data_set_id: int) -> DataSetView:
    """Return a data set.

    Raises:
        NotFound: there is no such set, or none any more.
        NotConfirmedYet: the node that answers has not seen it.
    """
    view = await chain.data_set(data_set_id)
    if not view.data_set_id:
        raise NotFound(f"there is no data set {data_set_id}")
    return view
