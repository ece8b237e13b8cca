"""Coins and epochs: FIL and USDFC both have 18 decimals, an epoch is 30 seconds."""

from __future__ import annotations

from decimal import Decimal
from typing import Final

from vibesflow.errors import InvalidInput

ATTO: Final = 10**18
"""Smallest units of one FIL or one USDFC."""

DECIMALS: Final = 18
TIB: Final = 2**40
EPOCH_S: Final = 30
EPOCHS_PER_DAY: Final = 2_880
EPOCHS_PER_MONTH: Final = 86_400


def in_coins(atto: int) -> str:
    """Spell an amount in whole coins: an exact decimal number without an exponent."""
    whole, rest = divmod(abs(atto), ATTO)
    sign = "-" if atto < 0 else ""
    return f"{sign}{whole}.{rest:0{DECIMALS}d}".rstrip("0").rstrip(".")


def in_atto(coins: Decimal) -> int:
    """Return an amount of whole coins in the smallest unit.

    Raises:
        InvalidInput: it is negative, no number, or finer than the smallest unit.
    """
    if not coins.is_finite() or coins < 0:
        raise InvalidInput(f"not an amount of coins: {coins}")
    atto = int(coins.scaleb(DECIMALS).to_integral_value())
    if Decimal(atto).scaleb(-DECIMALS) != coins:
        raise InvalidInput(f"an amount has at most {DECIMALS} decimals: {coins}")
    return atto
