"""One payer's payments: what it has, what storing costs, and bringing both together."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from typing import Final

from vibesflow.errors import ContractReverted, SettingsInvalid, TransactionFailed
from vibesflow.filecoin.cached import Cached
from vibesflow.filecoin.metadata import Metadata
from vibesflow.filecoin.payments.copies import Copies
from vibesflow.filecoin.payments.costs import Addition, costs_of
from vibesflow.filecoin.payments.funding import Funding, FundingPlan, PayCall
from vibesflow.filecoin.payments.preflight import Preflight, judge
from vibesflow.filecoin.payments.quote import Quote, quote
from vibesflow.filecoin.payments.reader import Purse, PurseReader
from vibesflow.filecoin.payments.units import EPOCHS_PER_DAY
from vibesflow.filecoin.payments.wallet import WalletStatus, wallet_status
from vibesflow.filecoin.payments.wishes import StorageWish
from vibesflow.filecoin.transactions import Receipt, Transactions

PURSE_LIFE_S: Final = 10.0
"""How old the figures of a preflight may be; so soon does it notice new money."""

_OVERTAKEN: Final = "ERC2612InvalidSigner"
"""A permit of an earlier state: somebody else has funded the account in between."""

_TRIES: Final = 3


class Payments:
    """Reads and funds one payer's account.

    Reading sends nothing. Funding sends at most one transaction at a time and aims at a state
    rather than an amount, so that repeating it, after whatever was lost, never pays twice.

    Args:
        reader: prices and purses.
        payer: whose account it is.
        copies: how much the payer's data sets hold.
        ceiling: most smallest units of USDFC that one call may deposit.
        transactions: sends as the payer; None for a process without the payer's own key.
        now_s: Unix time, for the deadline of permits.
    """

    def __init__(
        self,
        reader: PurseReader,
        payer: str,
        copies: Copies,
        *,
        ceiling: int,
        transactions: Transactions | None = None,
        now_s: Callable[[], float] = time.time,
    ) -> None:
        self._reader = reader
        self._payer = payer
        self._copies = copies
        self._ceiling = ceiling
        self._transactions = transactions
        self._now_s = now_s
        self._purse = Cached(lambda: reader.purse(payer), life_s=PURSE_LIFE_S)
        self._funding = asyncio.Lock()

    async def wallet(self) -> WalletStatus:
        """Read what the payer has.

        Raises:
            ChainDown: the chain cannot be asked.
        """
        prices, purse = await self._reader.prices(), await self._fresh_purse()
        network = self._reader.network
        return wallet_status(network.name, network.fwss, prices, purse)

    async def quote(self, wish: StorageWish) -> Quote:
        """Price a wish against the payer's account; raises as `wallet` does."""
        return await self._priced(wish, await self._fresh_purse())

    async def preflight(
        self, sizes: Sequence[int], provider_id: int, *, scope: Metadata = ()
    ) -> Preflight:
        """Tell whether a commit can be paid; its figures are ten seconds old at most.

        Args:
            sizes: raw length of each piece in bytes.
            provider_id: whose data set they go to.
            scope: as in `CommitRequest`.

        Raises:
            InvalidInput: a piece has a size that no provider takes.
            ChainDown: the chain cannot be asked.
        """
        wish = StorageWish(tuple(sizes), provider_ids=(provider_id,), scope=scope)
        purse = await self._purse.get()
        leaves = await self._copies.leaves(wish)
        prices = await self._reader.prices()
        priced = quote(costs_of(prices, wish.additions(leaves)), purse.balance)
        return judge(prices, priced, purse.approval)

    async def plan(self, need: StorageWish | int) -> FundingPlan:
        """Tell what `fund` would send, without sending it; raises as `fund` does."""
        plan = await self._planned(need, await self._fresh_purse())
        plan.require_within(self._ceiling)
        return plan

    async def fund(self, need: StorageWish | int) -> Funding:
        """Deposit and approve what a need takes, in one transaction; nothing if all is there.

        Args:
            need: what shall be stored, or how many smallest units of USDFC shall be available.

        Raises:
            SettingsInvalid: this process has not the payer's own key.
            FundingTooLarge: it takes more than the ceiling; nothing was sent.
            InsufficientFunds: the wallet holds too little USDFC, or FIL for gas; nothing was sent.
            TransactionFailed: it landed and failed.
            NotConfirmedYet: it was sent and has no receipt yet; calling again waits for it.
            ChainDown: the chain cannot be asked.
        """
        transactions = self._sending()
        async with self._funding:
            for last in range(_TRIES - 1, -1, -1):
                await transactions.settle()
                purse = await self._fresh_purse()
                plan = await self._planned(need, purse)
                plan.require_within(self._ceiling)
                if plan.transaction is None:
                    return Funding(plan, None)
                try:
                    return Funding(plan, await self._send(plan, purse, transactions))
                except (ContractReverted, TransactionFailed) as error:
                    if not last or not _was_overtaken(error):
                        raise
                finally:
                    self._purse.forget()
        raise AssertionError("the last try returns or raises")

    async def _send(self, plan: FundingPlan, purse: Purse, transactions: Transactions) -> Receipt:
        at = await self._reader.addresses()
        call = PayCall(
            at,
            self._reader.network.fwss,
            await self._reader.token(),
            await self._reader.prices(),
        )
        data = call.encode(plan, purse, transactions.signer, int(self._now_s()))
        return await transactions.send(at.pay, data, doing=f"fund: {plan.transaction}")

    async def _planned(self, need: StorageWish | int, purse: Purse) -> FundingPlan:
        balance = purse.balance
        if isinstance(need, int):
            deposit = max(0, need + balance.debt - balance.available)
            priced = await self._smallest(purse)
        else:
            priced = await self._priced(need, purse)
            deposit = priced.deposit
        verdict = judge(await self._reader.prices(), priced, purse.approval)
        return FundingPlan(deposit, verdict.needs_approval, balance.available, purse.usdfc)

    async def _smallest(self, purse: Purse) -> Quote:
        """Price the least that the approval must be good for: one new data set."""
        prices = await self._reader.prices()
        return quote(costs_of(prices, [Addition(None, 1, 1)]), purse.balance)

    async def _priced(self, wish: StorageWish, purse: Purse) -> Quote:
        prices = await self._reader.prices()
        leaves = await self._copies.leaves(wish)
        costs = costs_of(prices, wish.additions(leaves))
        return quote(costs, purse.balance, runway_epochs=wish.runway_days * EPOCHS_PER_DAY)

    async def _fresh_purse(self) -> Purse:
        self._purse.forget()
        return await self._purse.get()

    def _sending(self) -> Transactions:
        if self._transactions is None:
            raise SettingsInvalid(
                "VIBESFLOW_PRIVATE_KEY: funding needs the payer's own key; session keys cannot"
            )
        return self._transactions


def _was_overtaken(error: ContractReverted | TransactionFailed) -> bool:
    return isinstance(error, TransactionFailed) or error.reason == _OVERTAKEN
