"""Can it be paid? Asked before a commit, answered without sending anything."""

from __future__ import annotations

from dataclasses import dataclass

from vibesflow.errors import ApprovalMissing, InsufficientFunds
from vibesflow.filecoin.payments.approval import Approval
from vibesflow.filecoin.payments.prices import PriceList
from vibesflow.filecoin.payments.quote import Quote
from vibesflow.filecoin.payments.units import in_coins
from vibesflow.filecoin.reverts import FUNDS_PAUSE_S


@dataclass(frozen=True, slots=True)
class Preflight:
    """Whether the payer's account bears an upload.

    Attributes:
        ok: it does, and the service may spend what it takes.
        reason: why not, for people; empty if it is ok.
        missing: smallest units of USDFC that have to be deposited first; 0 if only the approval
            is missing.
        needs_approval: the service has to be approved, or for more than it is.
        quote: the costs in detail.
    """

    ok: bool
    reason: str
    missing: int
    needs_approval: bool
    quote: Quote

    def require(self) -> None:
        """Return if it is ok.

        Raises:
            InsufficientFunds: USDFC has to be deposited.
            ApprovalMissing: the service has to be approved; the funds suffice.
        """
        if self.ok:
            return
        kind = InsufficientFunds if self.missing else ApprovalMissing
        raise kind(self.reason, retry_after_s=FUNDS_PAUSE_S)


def judge(prices: PriceList, priced: Quote, approval: Approval) -> Preflight:
    """Compare a quote with the account it was made for, and with the service's approval."""
    refusal = approval.shortfall(
        rate_per_epoch=priced.costs.rate_per_epoch,
        lockup=priced.costs.lockup,
        lockup_period_epochs=prices.lockup_period_epochs,
    )
    reasons = [reason for reason in (_money_reason(priced), refusal) if reason]
    return Preflight(
        ok=not reasons,
        reason="; ".join(reasons),
        missing=priced.deposit,
        needs_approval=refusal is not None,
        quote=priced,
    )


def _money_reason(priced: Quote) -> str:
    if not priced.deposit:
        return ""
    debt = f" and {in_coins(priced.debt)} USDFC are owed" if priced.debt else ""
    return (
        f"{in_coins(priced.deposit)} USDFC are missing in Filecoin Pay: the upload takes"
        f" {in_coins(priced.costs.lockup + priced.costs.fees)} USDFC,"
        f" {in_coins(priced.available)} USDFC are available{debt}"
    )
