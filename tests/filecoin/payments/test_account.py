"""The published vectors of accounts, and the borders between them."""

from __future__ import annotations

import pytest

from tests.filecoin.payments.figures import EMPTY, usdfc
from vibesflow.filecoin.payments.account import PayAccount


def test_an_account_that_pays() -> None:
    balance = PayAccount(usdfc("10"), usdfc("2"), 10**12, 1_000).at(5_000)
    assert balance.available == 7_996_000_000_000_000_000
    assert (balance.runway_epochs, balance.debt) == (7_996_000, 0)
    assert balance.funded_until_epoch == 8_001_000
    assert balance.locked + balance.available == balance.funds


def test_an_account_in_debt() -> None:
    balance = PayAccount(usdfc("3"), usdfc("2"), 10**15, 1_000).at(5_000)
    assert (balance.available, balance.runway_epochs) == (0, 0)
    assert balance.debt == usdfc("3")
    assert balance.locked == usdfc("3")


@pytest.mark.parametrize("account", [EMPTY, PayAccount(usdfc("5"), usdfc("1"), 0, 7)])
def test_without_a_rate_the_funds_last_for_ever(account: PayAccount) -> None:
    balance = account.at(10**9)
    assert (balance.runway_epochs, balance.funded_until_epoch, balance.debt) == (None, None, 0)
    assert balance.available == account.funds - account.lockup


@pytest.mark.parametrize(
    ("epoch", "available", "debt", "runway"),
    [(1_009, 1, 0, 0), (1_010, 1, 9, 0), (1_008, 11, 0, 1)],
)
def test_the_last_epochs(epoch: int, available: int, debt: int, runway: int) -> None:
    balance = PayAccount(191, 100, 10, 1_000).at(epoch)
    assert (balance.available, balance.debt, balance.runway_epochs) == (available, debt, runway)


def test_a_node_that_lags_behind_does_not_turn_time_back() -> None:
    account = PayAccount(200, 100, 10, 1_000)
    assert account.at(900) == account.at(1_000)
