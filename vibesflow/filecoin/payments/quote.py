"""What has to be deposited before an upload: arithmetic alone, exact to the unit.

All amounts are in the smallest unit of USDFC.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from vibesflow.filecoin.payments.account import Balance
from vibesflow.filecoin.payments.costs import Costs

BUFFER_EPOCHS: Final = 5
"""The account goes on paying between the quote and the deposit."""


@dataclass(frozen=True, slots=True)
class Quote:
    """An upload's costs against one account.

    Attributes:
        costs: of the upload.
        runway: set aside so that all payments go on for the time that was asked for.
        debt: what the account owes now.
        available: what is available now.
        buffer: for the epochs until the deposit lands.
        deposit: what has to be deposited before the upload; 0 if nothing.
    """

    costs: Costs
    runway: int
    debt: int
    available: int
    buffer: int
    deposit: int


def quote(
    costs: Costs, balance: Balance, *, runway_epochs: int = 0, buffer_epochs: int = BUFFER_EPOCHS
) -> Quote:
    """Compare costs with what is available.

    Args:
        costs: of the upload.
        balance: the payer's account now.
        runway_epochs: how long all payments shall be covered, besides the lockup period.
        buffer_epochs: how long the deposit may take to land.
    """
    burn = balance.rate_per_epoch + costs.rate_per_epoch
    runway = burn * runway_epochs
    need = costs.lockup + costs.fees + runway
    missing = max(0, need + balance.debt - balance.available)
    nothing_is_paid_yet = balance.rate_per_epoch == 0 and costs.new_data_sets == costs.copies
    buffer = 0 if nothing_is_paid_yet else _buffer(missing, balance, burn, buffer_epochs)
    return Quote(
        costs=costs,
        runway=runway,
        debt=balance.debt,
        available=balance.available,
        buffer=buffer,
        deposit=missing + buffer,
    )


def _buffer(missing: int, balance: Balance, burn: int, buffer_epochs: int) -> int:
    wanted = burn * buffer_epochs
    if missing:
        return wanted
    if balance.runway_epochs is not None and balance.runway_epochs <= buffer_epochs:
        return max(0, wanted - balance.available)
    return 0
