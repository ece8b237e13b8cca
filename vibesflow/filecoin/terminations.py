"""Ending the service of a data set: through its provider, or by a transaction of our own."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from vibesflow.errors import NotConfirmedYet, SettingsInvalid, TransactionFailed
from vibesflow.filecoin import abi
from vibesflow.filecoin.authorizing import FindProvider
from vibesflow.filecoin.chain import Chain
from vibesflow.filecoin.permissions import Permission
from vibesflow.filecoin.permits import Permits
from vibesflow.filecoin.removals import existing
from vibesflow.filecoin.session_guard import SessionGuard
from vibesflow.filecoin.transactions import Transactions

LAG_PAUSE_S: Final = 5.0
"""A node that has not seen a block shows the data set as it was for that long."""


@dataclass(frozen=True, slots=True)
class Termination:
    """How the end of a data set's service stands.

    Attributes:
        data_set_id: the set on chain.
        end_epoch: when its service ends, or ended; None while that is not on chain.
        tx_hash: the transaction, as far as it is known; empty if it is not.
    """

    data_set_id: int
    end_epoch: int | None = None
    tx_hash: str = ""

    @property
    def done(self) -> bool:
        """The end stands on chain."""
        return self.end_epoch is not None


class Terminations:
    """Ends the service of one payer's data sets.

    Args:
        chain: what is read.
        permits: what is signed.
        guard: knows whether our key may sign.
        find_provider: from an id to the provider and its client.
        transactions: sends as the payer; None for a process without the payer's own key.
    """

    def __init__(
        self,
        chain: Chain,
        permits: Permits,
        guard: SessionGuard,
        find_provider: FindProvider,
        transactions: Transactions | None,
    ) -> None:
        self._chain = chain
        self._permits = permits
        self._guard = guard
        self._find_provider = find_provider
        self._transactions = transactions

    async def ask(self, data_set_id: int) -> Termination:
        """Have the provider end the service at once; asking again is safe.

        Both sides agree, so the service ends in the block that has it, and a fee is paid. The
        payer must not be in debt. Follow it with `poll`.

        Raises:
            NotFound: there is no such data set.
            SessionKeyUnauthorized: our key is a session key that may not sign this.
            ProviderRefused: the provider does not do this; end it with `end_directly`.
            ProviderFault: the provider refuses or is busy.
            ProviderDown: the provider does not answer.
            ChainDown: the chain cannot be asked.
        """
        done = await self._on_chain(data_set_id)
        if done is not None:
            return done
        await self._guard.check([Permission.TERMINATE_SERVICE])
        view = await existing(self._chain, data_set_id)
        _, provider = await self._find_provider(view.provider_id)
        end_epoch = await provider.terminate(data_set_id, self._permits.terminate(data_set_id))
        return Termination(data_set_id, end_epoch)

    async def poll(self, seen: Termination) -> Termination:
        """Ask how far it is; the chain decides, the provider gives the transaction's hash.

        Args:
            seen: what `ask` or the last poll returned.

        Raises:
            TransactionFailed: the provider discarded the request, or its transaction failed.
            ProviderFault: the provider does not tell.
            ProviderDown: the provider does not answer.
            ChainDown: the chain cannot be asked.
        """
        if done := await self._on_chain(seen.data_set_id):
            return Termination(seen.data_set_id, done.end_epoch, seen.tx_hash)
        view = await existing(self._chain, seen.data_set_id)
        _, provider = await self._find_provider(view.provider_id)
        status = await provider.termination_status(seen.data_set_id)
        if status is None:
            if done := await self._on_chain(seen.data_set_id):
                return Termination(seen.data_set_id, done.end_epoch, seen.tx_hash)
            what = (
                f"{seen.tx_hash} failed" if seen.tx_hash else "the provider discarded the request"
            )
            raise TransactionFailed(f"end data set {seen.data_set_id}: {what}")
        return Termination(seen.data_set_id, tx_hash=status.confirmed_tx_hash or status.tx_hash)

    async def end_directly(self, data_set_id: int) -> Termination:
        """End the service without the provider; it goes on, and is paid, for 30 more days.

        Raises:
            SettingsInvalid: the payer's own key is not here.
            NotFound: there is no such data set.
            NotConfirmedYet: it was sent and is not seen yet.
            ChainFault: as `Transactions.send` does.
        """
        if self._transactions is None:
            raise SettingsInvalid("VIBESFLOW_PRIVATE_KEY: only the wallet's own key can do that")
        done = await self._on_chain(data_set_id)
        if done is not None:
            return done
        receipt = await self._transactions.send(
            self._chain.network.fwss,
            abi.TERMINATE_SERVICE.encode(data_set_id),
            doing=f"end data set {data_set_id}",
        )
        done = await self._on_chain(data_set_id)
        if done is None:
            raise NotConfirmedYet(
                f"the end of data set {data_set_id} is not seen yet", retry_after_s=LAG_PAUSE_S
            )
        return Termination(data_set_id, done.end_epoch, receipt.tx_hash)

    async def _on_chain(self, data_set_id: int) -> Termination | None:
        view = await existing(self._chain, data_set_id)
        return Termination(data_set_id, view.end_epoch) if view.end_epoch else None
