"""The payer's account in Filecoin Pay, as it stands and as it will stand.

All amounts are in the smallest unit of USDFC.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Balance:
    """An account at one epoch.

    Attributes:
        epoch: the epoch it is for.
        funds: all that is in the account.
        locked: what rails have locked of it by now.
        available: what may be locked or withdrawn.
        debt: what the rails have earned beyond the funds.
        rate_per_epoch: what all rails together earn an epoch.
        runway_epochs: how long the available funds last; None for ever.
    """

    epoch: int
    funds: int
    locked: int
    available: int
    debt: int
    rate_per_epoch: int
    runway_epochs: int | None

    @property
    def funded_until_epoch(self) -> int | None:
        """The epoch at which the available funds are used up; None for never."""
        return None if self.runway_epochs is None else self.epoch + self.runway_epochs


@dataclass(frozen=True, slots=True)
class PayAccount:
    """An account as Filecoin Pay keeps it: a state, and the epoch it was settled at.

    Attributes:
        funds: all that is in the account.
        lockup: what was locked at that epoch.
        rate_per_epoch: how fast it grows.
        settled_epoch: that epoch.
    """

    funds: int
    lockup: int
    rate_per_epoch: int
    settled_epoch: int

    @property
    def funded_until_epoch(self) -> int | None:
        """The epoch up to which the funds pay all rails; None for ever."""
        if self.rate_per_epoch == 0:
            return None
        return self.settled_epoch + max(0, self.funds - self.lockup) // self.rate_per_epoch

    def at(self, epoch: int) -> Balance:
        """Return the account at an epoch; a node that lags behind gets it as it was settled."""
        epoch = max(epoch, self.settled_epoch)
        until = self.funded_until_epoch
        paid_until = epoch if until is None else min(until, epoch)
        locked = self.lockup + self.rate_per_epoch * (paid_until - self.settled_epoch)
        earned = self.lockup + self.rate_per_epoch * (epoch - self.settled_epoch)
        return Balance(
            epoch=epoch,
            funds=self.funds,
            locked=min(locked, self.funds),
            available=max(0, self.funds - locked),
            debt=max(0, earned - self.funds),
            rate_per_epoch=self.rate_per_epoch,
            runway_epochs=None if until is None else max(0, until - epoch),
        )
