"""The public price list of June 2026, in smallest units of USDFC."""

from __future__ import annotations

from decimal import Decimal

from vibesflow.filecoin.payments.account import Balance, PayAccount
from vibesflow.filecoin.payments.prices import PriceList
from vibesflow.filecoin.payments.units import in_atto

TOKEN = "0x00000000000000000000000000000000000000Aa"
EMPTY = PayAccount(0, 0, 0, 0)


def usdfc(coins: str) -> int:
    return in_atto(Decimal(coins))


PRICES = PriceList(
    TOKEN,
    *map(usdfc, ("2.5", "0.024", "7", "7")),
    *map(usdfc, ("0.025", "0.0005", "0.0003", "0.002", "0.00112")),
    *map(usdfc, ("0.1", "0.005")),
    86_400,
    *map(usdfc, ("0.7", "0.3")),
    14_400,
)


def balance(
    available: int = 0, *, rate: int = 0, debt: int = 0, runway: int | None = None
) -> Balance:
    return Balance(
        epoch=0,
        funds=available,
        locked=0,
        available=available,
        debt=debt,
        rate_per_epoch=rate,
        runway_epochs=runway,
    )
