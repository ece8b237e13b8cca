"""What the payer has, and whether it suffices, for people and programs to see."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from vibesflow.filecoin.payments.account import Balance
from vibesflow.filecoin.payments.approval import Approval
from vibesflow.filecoin.payments.costs import Addition, costs_of
from vibesflow.filecoin.payments.preflight import Preflight, judge
from vibesflow.filecoin.payments.prices import PriceList
from vibesflow.filecoin.payments.quote import quote
from vibesflow.filecoin.payments.reader import Purse

TYPICAL_PIECE_BYTES: Final = 2**20
"""A minute of good audio."""


@dataclass(frozen=True, slots=True)
class WalletStatus:
    """The payer's wallet and its account in Filecoin Pay.

    Attributes:
        network: mainnet, calibration or devnet.
        payer: the account, in checksum form.
        service: the storage service that is approved, the FWSS contract.
        fil: attoFIL in the wallet, for gas.
        usdfc: smallest units of USDFC in the wallet.
        balance: the account in Filecoin Pay.
        approval: what the service may do with it.
        is_unlimited: nothing that the service does can exceed the approval.
        next_piece: whether one more piece of a mebibyte can be paid.
    """

    network: str
    payer: str
    service: str
    fil: int
    usdfc: int
    balance: Balance
    approval: Approval
    is_unlimited: bool
    next_piece: Preflight

    @property
    def sufficient_funds(self) -> bool:
        """The account bears one more piece; whether the service is approved is told apart."""
        return self.next_piece.missing == 0


def wallet_status(network: str, service: str, prices: PriceList, purse: Purse) -> WalletStatus:
    """Put together what is to be shown."""
    return WalletStatus(
        network=network,
        payer=purse.payer,
        service=service,
        fil=purse.fil,
        usdfc=purse.usdfc,
        balance=purse.balance,
        approval=purse.approval,
        is_unlimited=purse.approval.is_unlimited(prices.lockup_period_epochs),
        next_piece=_next_piece(prices, purse),
    )


def _next_piece(prices: PriceList, purse: Purse) -> Preflight:
    """Judge one more piece: in a new data set, unless the account pays for some already."""
    has_data_set = purse.approval.lockup_usage > 0
    before = TYPICAL_PIECE_BYTES if has_data_set else None
    addition = Addition(before, (before or 0) + TYPICAL_PIECE_BYTES, pieces=1)
    priced = quote(costs_of(prices, [addition]), purse.balance)
    return judge(prices, priced, purse.approval)
