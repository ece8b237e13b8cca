from __future__ import annotations

from dataclasses import replace

import pytest

from tests.filecoin.payments.figures import PRICES, balance, usdfc
from vibesflow.errors import ApprovalMissing, InsufficientFunds, RetryClass
from vibesflow.filecoin.payments.account import Balance
from vibesflow.filecoin.payments.approval import WITHOUT_LIMIT, Approval
from vibesflow.filecoin.payments.costs import Addition, costs_of
from vibesflow.filecoin.payments.preflight import Preflight, judge
from vibesflow.filecoin.payments.quote import quote

COSTS = costs_of(PRICES, [Addition(None, 200_000, 1)])
UNLIMITED = Approval(True, WITHOUT_LIMIT, WITHOUT_LIMIT, 0, 0, 86_400)
NEEDED = 149_800_454_747_238_400
EXACT = Approval(True, COSTS.rate_per_epoch + 5, COSTS.lockup + 7, 5, 7, 86_400)


def judged(approval: Approval, purse: Balance) -> Preflight:
    return judge(PRICES, quote(COSTS, purse), approval)


def test_enough_to_the_unit_is_enough() -> None:
    found = judged(UNLIMITED, balance(NEEDED))
    assert (found.ok, found.reason, found.missing) == (True, "", 0)
    found.require()
    assert judged(EXACT, balance(NEEDED)).ok


def test_missing_money_is_named_in_full() -> None:
    found = judged(UNLIMITED, balance(usdfc("0.1"), debt=1))
    assert not found.ok
    assert not found.needs_approval
    assert found.missing == NEEDED - usdfc("0.1") + 1
    assert found.reason == (
        "0.049800454747238401 USDFC are missing in Filecoin Pay: the upload takes"
        " 0.1498004547472384 USDFC, 0.1 USDFC are available and 0.000000000000000001 USDFC are owed"
    )
    with pytest.raises(InsufficientFunds, match="missing in Filecoin Pay") as caught:
        found.require()
    assert (caught.value.retry, caught.value.retry_after_s) == (RetryClass.WAIT, 30)


@pytest.mark.parametrize(
    ("approval", "why"),
    [
        (replace(EXACT, is_approved=False), "is not approved"),
        (replace(EXACT, rate_usage=6), "rate allowance falls short by 0.000000000000000001 USDFC"),
        (replace(EXACT, lockup_usage=8), "lockup allowance falls short by 0.0000000000000"),
        (replace(EXACT, max_lockup_period_epochs=86_399), "for 86399 epochs, not 86400"),
    ],
)
def test_a_missing_approval_is_named(approval: Approval, why: str) -> None:
    found = judged(approval, balance(NEEDED))
    assert (found.ok, found.missing, found.needs_approval) == (False, 0, True)
    with pytest.raises(ApprovalMissing, match=why):
        found.require()


def test_both_missing_is_first_of_all_a_matter_of_money() -> None:
    found = judged(replace(EXACT, is_approved=False), balance())
    assert found.needs_approval
    with pytest.raises(InsufficientFunds, match=r"USDFC are missing .*; the storage service"):
        found.require()


@pytest.mark.parametrize(
    ("approval", "unlimited"),
    [
        (UNLIMITED, True),
        (replace(UNLIMITED, lockup_allowance=WITHOUT_LIMIT // 2), True),
        (replace(UNLIMITED, lockup_allowance=WITHOUT_LIMIT // 2 - 1), False),
        (replace(UNLIMITED, rate_allowance=WITHOUT_LIMIT - 1), False),
        (replace(UNLIMITED, max_lockup_period_epochs=86_399), False),
        (replace(UNLIMITED, is_approved=False), False),
    ],
)
def test_an_approval_without_limit(approval: Approval, unlimited: bool) -> None:
    assert approval.is_unlimited(86_400) is unlimited
