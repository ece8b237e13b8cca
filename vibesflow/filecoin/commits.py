"""Putting stored pieces on chain, at most once a nonce, whatever gets lost on the way."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Final

from vibesflow.errors import ContractReverted, NotConfirmedYet, TransactionFailed
from vibesflow.filecoin.chain import Chain
from vibesflow.filecoin.chain_views import NonceUse
from vibesflow.filecoin.commit_request import CommitRequest, Committed, PieceToAdd, Submitted
from vibesflow.filecoin.data_sets import DataSet, DataSets, NewDataSet
from vibesflow.filecoin.permits import Permits
from vibesflow.filecoin.piece_ids import PieceIds
from vibesflow.filecoin.provider import Provider
from vibesflow.filecoin.provider_status import AdditionStatus, CreationStatus, TxState
from vibesflow.filecoin.registry import ProviderInfo

NONCE_USED: Final = "ClientDataSetAlreadyRegistered"
"""The contract's name for a nonce, or a data set's number, that was used before."""

_PASSING: Final = frozenset(
    {
        NONCE_USED,
        "DataSetNotLive",
        "DataSetNotFound",
        "DataSetPaymentAlreadyTerminated",
        "InvalidDataSetId",
    }
)
"""Reasons that mean: look at the data set again, it was created or ended meanwhile."""

RACE_PAUSES_S: Final = (0.5, 1.0, 2.0)
"""Another is creating or ending our data set: it lands, or our node sees it, that much later."""

RACE_LOST_PAUSE_S: Final = 10.0

UNKNOWN_TX_S: Final = 60.0
"""Providers may need that long to know a transaction under its own status address."""

FindProvider = Callable[[int], Awaitable[tuple[ProviderInfo, Provider]]]


class Commits:
    """Looks, submits and polls. The chain is the truth; the provider's word starts a look.

    Args:
        chain: what is read.
        permits: what is signed.
        data_sets: which set a commit goes to.
        find_provider: from an id to the provider and its client.
        now_s: a clock that never goes back.
    """

    def __init__(
        self,
        chain: Chain,
        permits: Permits,
        data_sets: DataSets,
        find_provider: FindProvider,
        *,
        now_s: Callable[[], float] = time.monotonic,
    ) -> None:
        self._chain = chain
        self._permits = permits
        self._data_sets = data_sets
        self._find_provider = find_provider
        self._piece_ids = PieceIds(chain)
        self._now_s = now_s
        self._unknown_since_s: dict[str, float] = {}

    async def look(self, request: CommitRequest) -> Committed | None:
        """Tell from the chain alone whether the request's nonce has landed, and where.

        Raises:
            NotConfirmedYet: it has, but its pieces cannot be seen (yet).
            ChainDown: the chain cannot be asked.
        """
        use = await self._use_of(request.nonce)
        if use is None:
            return None
        cids = [piece.cid_bytes for piece in request.distinct_pieces]
        ids = await self._piece_ids.added(use.data_set_id, cids, next_piece_id=use.next_piece_id)
        if done := _committed(request, use.data_set_id, ids):
            return done
        raise NotConfirmedYet(f"pieces of a landed commit are not seen in set {use.data_set_id}")

    async def submit(self, request: CommitRequest) -> Submitted:
        """Have the pieces added that the data set does not hold, creating it if there is none.

        Raises:
            ContractReverted: the contracts refuse, for the reason in the error.
            CommitUnknown: it may or may not have been sent; submitting again is safe.
            NotConfirmedYet: another commit is just creating the data set, or the provider has not
                noticed that it did; nothing was sent.
            ProviderFault: the provider refuses or is busy.
            ProviderDown: the provider cannot be reached; nothing was sent.
            ChainDown: the chain cannot be asked; nothing was sent.
        """
        turned_away: list[ContractReverted | NotConfirmedYet] = []
        for pause_s in RACE_PAUSES_S:
            if use := await self._use_of(request.nonce):
                return Submitted("", use.data_set_id)
            try:
                return await self._send(request)
            except (ContractReverted, NotConfirmedYet) as error:
                if not _passes(error, turned_away):
                    raise
                turned_away.append(error)
            await asyncio.sleep(pause_s)
        last = turned_away[-1]
        raise NotConfirmedYet(
            f"the data set is changing: {last}", retry_after_s=RACE_LOST_PAUSE_S
        ) from last

    async def poll(self, request: CommitRequest, submitted: Submitted) -> Committed | None:
        """Ask how far a submitted commit is; None while it is on its way.

        Raises:
            TransactionFailed: it landed and failed, or vanished; submit again.
            ProviderFault: the provider does not tell; `look` asks the chain instead.
        """
        if not submitted.tx_hash:
            return await self._held(request, submitted)
        _, provider = await self._find_provider(request.provider_id)
        status = await _status(provider, submitted)
        if status is None:
            return await self._unknown(request, submitted)
        self._unknown_since_s.pop(submitted.tx_hash, None)
        if status.state is TxState.PENDING:
            return None
        done = await self.look(request)
        if done is not None:
            return replace(done, tx_hash=status.confirmed_tx_hash or submitted.tx_hash)
        if status.state is TxState.FAILED:
            raise TransactionFailed(f"{status.confirmed_tx_hash or submitted.tx_hash} failed")
        return None

    async def _use_of(self, nonce: int) -> NonceUse | None:
        (use,) = await self._chain.nonce_uses(self._permits.payer, [nonce])
        return use

    async def _send(self, request: CommitRequest) -> Submitted:
        info, provider = await self._find_provider(request.provider_id)
        target = await self._data_sets.find(request.provider_id)
        if isinstance(target, NewDataSet):
            return await self._send_creation(request, target, info, provider)
        pieces = await self._missing(request, target)
        if not pieces:
            return Submitted("", target.data_set_id)
        permit = self._permits.add(target.client_data_set_id, request.nonce, pieces)
        tx_hash = await provider.add_pieces(target.data_set_id, _cids(pieces), permit)
        return Submitted(tx_hash, target.data_set_id)

    async def _send_creation(
        self, request: CommitRequest, target: NewDataSet, info: ProviderInfo, provider: Provider
    ) -> Submitted:
        pieces = request.distinct_pieces
        permit = self._permits.create_and_add(
            target.client_data_set_id, info.payee, request.nonce, pieces
        )
        keeper = self._chain.network.fwss
        return Submitted(await provider.create_and_add(keeper, _cids(pieces), permit), None)

    async def _missing(self, request: CommitRequest, target: DataSet) -> tuple[PieceToAdd, ...]:
        pieces = request.distinct_pieces
        held = await self._piece_ids.recent(
            target.data_set_id, [piece.cid_bytes for piece in pieces]
        )
        return tuple(piece for piece in pieces if piece.cid_bytes not in held)

    async def _held(self, request: CommitRequest, submitted: Submitted) -> Committed | None:
        """Nothing was sent: the nonce has landed before, or other commits added the pieces."""
        done = await self.look(request)
        if done is not None or submitted.data_set_id is None:
            return done
        cids = [piece.cid_bytes for piece in request.distinct_pieces]
        ids = await self._piece_ids.recent(submitted.data_set_id, cids)
        return _committed(request, submitted.data_set_id, ids)

    async def _unknown(self, request: CommitRequest, submitted: Submitted) -> Committed | None:
        """The provider does not know the transaction: normal for a moment, not for long."""
        since_s = self._unknown_since_s.setdefault(submitted.tx_hash, self._now_s())
        done = await self.look(request)
        if done is None and self._now_s() - since_s < UNKNOWN_TX_S:
            return None
        del self._unknown_since_s[submitted.tx_hash]
        if done is None:
            raise TransactionFailed(f"the provider does not know {submitted.tx_hash}")
        return replace(done, tx_hash=submitted.tx_hash)


def _passes(
    error: ContractReverted | NotConfirmedYet,
    before: list[ContractReverted | NotConfirmedYet],
) -> bool:
    """Tell whether another look may help; a provider that knows no set is asked only twice."""
    if isinstance(error, ContractReverted):
        return error.reason in _PASSING
    return not any(isinstance(other, NotConfirmedYet) for other in before)


async def _status(
    provider: Provider, submitted: Submitted
) -> CreationStatus | AdditionStatus | None:
    if submitted.data_set_id is None:
        return await provider.creation_status(submitted.tx_hash)
    return await provider.addition_status(submitted.data_set_id, submitted.tx_hash)


def _committed(request: CommitRequest, data_set_id: int, ids: dict[bytes, int]) -> Committed | None:
    aligned = [ids.get(piece.cid_bytes) for piece in request.pieces]
    found = tuple(piece_id for piece_id in aligned if piece_id is not None)
    return Committed(data_set_id, found) if len(found) == len(aligned) else None


def _cids(pieces: tuple[PieceToAdd, ...]) -> list[str]:
    return [piece.piece_cid for piece in pieces]
