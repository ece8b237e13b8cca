"""How much the payer lets the storage service promise in its name."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from vibesflow.filecoin.payments.units import in_coins

WITHOUT_LIMIT: Final = 2**256 - 1
_LEFT_OF_WITHOUT_LIMIT: Final = WITHOUT_LIMIT // 2
"""One-time payments use the lockup allowance up for good, so it is never seen whole for long."""


@dataclass(frozen=True, slots=True)
class Approval:
    """The service's approval as operator in Filecoin Pay, in the smallest unit of USDFC.

    Attributes:
        is_approved: it may open rails at all.
        rate_allowance: most that its rails may earn an epoch, together.
        lockup_allowance: most that its rails may lock, together.
        rate_usage: what they earn.
        lockup_usage: what they have locked.
        max_lockup_period_epochs: longest period it may lock for.
    """

    is_approved: bool
    rate_allowance: int
    lockup_allowance: int
    rate_usage: int
    lockup_usage: int
    max_lockup_period_epochs: int

    def is_unlimited(self, lockup_period_epochs: int) -> bool:
        """Tell whether nothing that the service does can exceed the approval."""
        return (
            self.is_approved
            and self.rate_allowance == WITHOUT_LIMIT
            and self.lockup_allowance >= _LEFT_OF_WITHOUT_LIMIT
            and self.max_lockup_period_epochs >= lockup_period_epochs
        )

    def shortfall(
        self, *, rate_per_epoch: int, lockup: int, lockup_period_epochs: int
    ) -> str | None:
        """Say why the service may not do that much more; None if it may."""
        if not self.is_approved:
            return "the storage service is not approved in Filecoin Pay"
        if self.max_lockup_period_epochs < lockup_period_epochs:
            return (
                "the storage service may lock funds for"
                f" {self.max_lockup_period_epochs} epochs, not {lockup_period_epochs}"
            )
        if self.rate_allowance < self.rate_usage + rate_per_epoch:
            missing = self.rate_usage + rate_per_epoch - self.rate_allowance
            return f"the rate allowance falls short by {in_coins(missing)} USDFC an epoch"
        if self.lockup_allowance < self.lockup_usage + lockup:
            missing = self.lockup_usage + lockup - self.lockup_allowance
            return f"the lockup allowance falls short by {in_coins(missing)} USDFC"
        return None
