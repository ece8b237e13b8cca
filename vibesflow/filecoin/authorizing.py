"""What is signed for a request: the very bytes that a pull shows and the commit sends."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final

from vibesflow.filecoin.chain import Chain
from vibesflow.filecoin.chain_views import NonceUse
from vibesflow.filecoin.commit_request import CommitRequest, PieceToAdd
from vibesflow.filecoin.data_sets import DataSet, NewDataSet
from vibesflow.filecoin.permissions import UPLOADING, Permission
from vibesflow.filecoin.piece_ids import PieceIds
from vibesflow.filecoin.provider import Provider
from vibesflow.filecoin.registry import ProviderInfo
from vibesflow.filecoin.scopes import Scopes
from vibesflow.filecoin.session_guard import SessionGuard

NONCE_USED: Final = "ClientDataSetAlreadyRegistered"
"""The contract's name for a nonce, or a data set's number, that was used before."""

PASSING_REVERTS: Final = frozenset(
    {
        NONCE_USED,
        "DataSetNotLive",
        "DataSetNotFound",
        "DataSetPaymentAlreadyTerminated",
        "InvalidDataSetId",
    }
)
"""Reasons that mean: look at the data set again, it was created or ended meanwhile."""

FindProvider = Callable[[int], Awaitable[tuple[ProviderInfo, Provider]]]


@dataclass(frozen=True, slots=True)
class Authorization:
    """A signed permission to add pieces.

    Attributes:
        provider: whom it is for.
        data_set_id: the set that is added to; None if the permission also creates it.
        pieces: those that the set does not hold; empty when nothing is to be done.
        extra_data: the signed blob; empty when nothing is to be done.
    """

    provider: Provider
    data_set_id: int | None
    pieces: tuple[PieceToAdd, ...]
    extra_data: bytes

    @property
    def cids(self) -> list[str]:
        """The pieces' CIDs, in the order in which they were signed."""
        return [piece.piece_cid for piece in self.pieces]


class Authorizer:
    """Signs requests. The same request and the same state of its data set give the same bytes.

    Args:
        chain: what is read.
        payer: whose nonces and data sets they are.
        scopes: which set a request goes to.
        guard: knows whether our key may sign.
        find_provider: from an id to the provider and its client.
    """

    def __init__(
        self,
        chain: Chain,
        payer: str,
        scopes: Scopes,
        guard: SessionGuard,
        find_provider: FindProvider,
    ) -> None:
        self._chain = chain
        self._payer = payer
        self._scopes = scopes
        self.guard = guard
        self._piece_ids = PieceIds(chain)
        self.find_provider = find_provider

    async def use_of(self, nonce: int) -> NonceUse | None:
        """Read where the nonce went; None while it is unused."""
        (use,) = await self._chain.nonce_uses(self._payer, [nonce])
        return use

    async def authorize(self, request: CommitRequest) -> Authorization:
        """Sign for the pieces that the request's data set does not hold yet.

        Raises:
            SessionKeyUnauthorized: our key is a session key that may not.
        """
        info, provider = await self.find_provider(request.provider_id)
        scope = self._scopes.of(request.scope)
        target = await scope.data_sets.find(request.provider_id)
        if isinstance(target, NewDataSet):
            await self.guard.check(UPLOADING)
            pieces = request.distinct_pieces
            blob = scope.permits.create_and_add(
                target.client_data_set_id, info.payee, request.nonce, pieces
            )
            return Authorization(provider, None, pieces, blob)
        pieces = await self._missing(request, target)
        if not pieces:
            return Authorization(provider, target.data_set_id, (), b"")
        await self.guard.check([Permission.ADD_PIECES])
        blob = scope.permits.add(target.client_data_set_id, request.nonce, pieces)
        return Authorization(provider, target.data_set_id, pieces, blob)

    async def _missing(self, request: CommitRequest, target: DataSet) -> tuple[PieceToAdd, ...]:
        pieces = request.distinct_pieces
        held = await self._piece_ids.recent(
            target.data_set_id, [piece.cid_bytes for piece in pieces]
        )
        return tuple(piece for piece in pieces if piece.cid_bytes not in held)
