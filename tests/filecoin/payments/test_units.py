from decimal import Decimal

import pytest

from vibesflow.errors import InvalidInput
from vibesflow.filecoin.payments.units import ATTO, in_atto, in_coins


@pytest.mark.parametrize(
    ("atto", "coins"),
    [
        (0, "0"),
        (1, "0.000000000000000001"),
        (ATTO, "1"),
        (149_800_454_747_238_400, "0.1498004547472384"),
        (10 * ATTO, "10"),
        (-ATTO // 2, "-0.5"),
        (2**256 - 1, f"{2**256 - 1}"[:-18] + "." + f"{2**256 - 1}"[-18:]),
    ],
)
def test_coins_are_exact_and_plain(atto: int, coins: str) -> None:
    assert in_coins(atto) == coins
    if 0 <= atto < 10**27:
        assert in_atto(Decimal(coins)) == atto


@pytest.mark.parametrize("coins", ["-1", "NaN", "Infinity", "0.0000000000000000001"])
def test_what_is_no_amount(coins: str) -> None:
    with pytest.raises(InvalidInput):
        in_atto(Decimal(coins))
