"""Putting stored pieces on chain, at most once a nonce, whatever gets lost on the way."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Final

from vibesflow.errors import ContractReverted, NotConfirmedYet, TransactionFailed
from vibesflow.filecoin.authorizing import PASSING_REVERTS, Authorizer
from vibesflow.filecoin.chain import Chain
from vibesflow.filecoin.commit_request import CommitRequest, Committed, Landed, Submitted
from vibesflow.filecoin.piece_ids import PieceIds
from vibesflow.filecoin.provider import Provider
from vibesflow.filecoin.provider_status import AdditionStatus, CreationStatus, TxState

RACE_PAUSES_S: Final = (0.5, 1.0, 2.0)
"""Another is creating or ending our data set: it lands, or our node sees it, that much later."""

RACE_LOST_PAUSE_S: Final = 10.0

UNKNOWN_TX_S: Final = 60.0
"""Providers may need that long to know a transaction under its own status address."""


class Commits:
    """Looks, submits and polls. The chain is the truth; the provider's word starts a look.

    Args:
        chain: what is read.
        authorizer: what is signed.
        now_s: a clock that never goes back.
    """

    def __init__(
        self,
        chain: Chain,
        authorizer: Authorizer,
        *,
        now_s: Callable[[], float] = time.monotonic,
    ) -> None:
        self._authorizer = authorizer
        self._record_keeper = chain.network.fwss
        self._piece_ids = PieceIds(chain)
        self._now_s = now_s
        self._unknown_since_s: dict[str, float] = {}

    async def look(self, request: CommitRequest) -> Committed | None:
        """Tell from the chain alone whether the request's nonce has landed, and where.

        Raises:
            NotConfirmedYet: it has, but its pieces cannot be seen (yet).
            ChainDown: the chain cannot be asked.
        """
        found = await self._find(request)
        if found is None:
            return None
        data_set_id, ids = found
        if done := _committed(request, data_set_id, ids):
            return done
        raise NotConfirmedYet(f"pieces of a landed commit are not seen in set {data_set_id}")

    async def landed(self, request: CommitRequest) -> Landed | None:
        """Tell from the chain alone what came of the request's nonce, whatever landed with it.

        Raises:
            ChainDown: the chain cannot be asked.
        """
        found = await self._find(request)
        if found is None:
            return None
        data_set_id, ids = found
        held = {p.piece_cid: ids[p.cid_bytes] for p in request.pieces if p.cid_bytes in ids}
        return Landed(data_set_id, held)

    async def submit(self, request: CommitRequest) -> Submitted:
        """Have the pieces added that the data set does not hold, creating it if there is none.

        Raises:
            ContractReverted: the contracts refuse, for the reason in the error.
            SessionKeyUnauthorized: our key is a session key that may not sign this.
            CommitUnknown: it may or may not have been sent; submitting again is safe.
            NotConfirmedYet: another commit is just creating the data set, or the provider has not
                noticed that it did; nothing was sent.
            ProviderFault: the provider refuses or is busy.
            ProviderDown: the provider cannot be reached; nothing was sent.
            ChainDown: the chain cannot be asked; nothing was sent.
        """
        turned_away: list[ContractReverted | NotConfirmedYet] = []
        for pause_s in RACE_PAUSES_S:
            if use := await self._authorizer.use_of(request.nonce):
                return Submitted("", use.data_set_id)
            try:
                return await self._send(request)
            except (ContractReverted, NotConfirmedYet) as error:
                if unauthorized := self._authorizer.guard.named(error):
                    raise unauthorized from error
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
        _, provider = await self._authorizer.find_provider(request.provider_id)
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

    async def _find(self, request: CommitRequest) -> tuple[int, dict[bytes, int]] | None:
        """Return the data set that took the nonce, and the ids of the pieces that it holds."""
        use = await self._authorizer.use_of(request.nonce)
        if use is None:
            return None
        cids = [piece.cid_bytes for piece in request.distinct_pieces]
        ids = await self._piece_ids.added(use.data_set_id, cids, next_piece_id=use.next_piece_id)
        return use.data_set_id, ids

    async def _send(self, request: CommitRequest) -> Submitted:
        permitted = await self._authorizer.authorize(request)
        if not permitted.pieces:
            return Submitted("", permitted.data_set_id)
        provider, cids, blob = permitted.provider, permitted.cids, permitted.extra_data
        if permitted.data_set_id is None:
            return Submitted(await provider.create_and_add(self._record_keeper, cids, blob), None)
        tx_hash = await provider.add_pieces(permitted.data_set_id, cids, blob)
        return Submitted(tx_hash, permitted.data_set_id)

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
        return error.reason in PASSING_REVERTS
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
