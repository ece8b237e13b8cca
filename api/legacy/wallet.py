"""The wallet and the storage service in the existing client's words.

Amounts are exact decimal numbers of whole FIL or USDFC, as strings.
"""

from __future__ import annotations

from pydantic import Field

from api.legacy.words import CamelReply
from vibesflow.filecoin import WalletStatus as Wallet
from vibesflow.filecoin.payments.units import in_coins


class WalletStatus(CamelReply):
    """The payer's money in whole coins; null until it was read."""

    fil: str | None = Field(default=None, alias="FIL")
    usdfc_wallet: str | None = Field(default=None, alias="USDFC_Wallet")
    usdfc_contract: str | None = Field(default=None, alias="USDFC_Contract")
    sufficient_funds: bool | None = None


class PandoraStatus(CamelReply):
    """The storage service's contract and what it may spend; null until it was read."""

    address: str | None = None
    is_approved: bool | None = None
    rate_allowance: str | None = None
    lockup_allowance: str | None = None


def wallet_reply(wallet: Wallet | None) -> WalletStatus:
    """Spell the money; what Filecoin Pay has available counts as in the contract."""
    if wallet is None:
        return WalletStatus()
    return WalletStatus(
        fil=in_coins(wallet.fil),
        usdfc_wallet=in_coins(wallet.usdfc),
        usdfc_contract=in_coins(wallet.balance.available),
        sufficient_funds=wallet.sufficient_funds,
    )


def pandora_reply(service: str | None, wallet: Wallet | None) -> PandoraStatus:
    """Spell the approval of the storage service."""
    if wallet is None:
        return PandoraStatus(address=service)
    return PandoraStatus(
        address=service,
        is_approved=wallet.approval.is_approved,
        rate_allowance=in_coins(wallet.approval.rate_allowance),
        lockup_allowance=in_coins(wallet.approval.lockup_allowance),
    )
