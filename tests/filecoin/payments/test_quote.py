"""The published vectors of deposits, and when a buffer is added."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.filecoin.payments.figures import EMPTY, PRICES, balance, usdfc
from vibesflow.errors import InvalidInput
from vibesflow.filecoin.payments.costs import Addition, Costs, costs_of
from vibesflow.filecoin.payments.prices import billed_bytes, leaves_of
from vibesflow.filecoin.payments.quote import quote
from vibesflow.filecoin.payments.wishes import StorageWish

RATE = 277_783_041_056


def one(size: int, *, pieces: int = 1, cdn: bool = False) -> Costs:
    """Costs of a payload in a new data set, on its raw size as the published vectors have it."""
    return costs_of(PRICES, [Addition(None, size, pieces, with_cdn=cdn)])


def test_a_first_upload_to_the_unit() -> None:
    costs = one(200_000)
    assert costs.rate_per_epoch == RATE
    assert costs.rate_lockup == 24_000_454_747_238_400
    assert (costs.reserve_lockup, costs.cdn_lockup) == (10**17, 0)
    assert costs.fees == 25_800_000_000_000_000
    assert (costs.create_fees, costs.add_fees) == (usdfc("0.025"), usdfc("0.0008"))
    priced = quote(costs, EMPTY.at(0))
    assert priced.deposit == 149_800_454_747_238_400
    assert (priced.buffer, priced.debt, priced.runway) == (0, 0, 0)


def test_a_tebibyte_with_cdn_to_the_unit() -> None:
    costs = one(2**40, pieces=1_100, cdn=True)
    assert costs.cdn_lockup == usdfc("1")
    assert quote(costs, EMPTY.at(0)).deposit == 3_992_999_999_999_916_800


def test_what_is_available_counts() -> None:
    needed = 149_800_454_747_238_400
    assert quote(one(200_000), balance(needed)).deposit == 0
    assert quote(one(200_000), balance(needed - 1)).deposit == 1


def test_copies_add_up_and_debt_counts_once() -> None:
    additions = [Addition(None, 200_000, 1), Addition(None, 200_000, 1)]
    priced = quote(costs_of(PRICES, additions), balance(debt=7))
    assert priced.deposit == 2 * 149_800_454_747_238_400 + 7
    assert (priced.costs.copies, priced.costs.new_data_sets, priced.costs.pieces) == (2, 2, 2)


def test_an_existing_set_pays_for_what_is_added_alone() -> None:
    costs = costs_of(PRICES, [Addition(2**30, 2**30 + 2**20, 3, with_cdn=True)])
    assert costs.rate_per_epoch == PRICES.rate_per_epoch(2**30 + 2**20) - PRICES.rate_per_epoch(
        2**30
    )
    assert (costs.lockup, costs.fees) == (costs.rate_per_epoch * 86_400, usdfc("0.0014"))
    assert costs.cost_per_month == 2**20 * usdfc("2.5") // 2**40


def test_an_empty_set_begins_to_cost_the_fee() -> None:
    costs = costs_of(PRICES, [Addition(0, 127, 1)])
    assert costs.rate_per_epoch == 277_777_781_119
    assert (costs.create_fees, costs.reserve_lockup) == (0, 0)


class TestBuffer:
    RATE = 10**12

    def test_five_epochs_come_on_top_of_a_deposit(self) -> None:
        priced = quote(one(200_000), balance(rate=self.RATE))
        assert priced.buffer == 5 * (self.RATE + RATE)
        assert priced.deposit == 149_800_454_747_238_400 + priced.buffer

    def test_a_set_that_exists_is_reason_enough(self) -> None:
        costs = costs_of(PRICES, [Addition(0, 200_000, 1)])
        assert quote(costs, balance()).buffer == 5 * RATE

    def test_none_while_the_funds_last(self) -> None:
        priced = quote(one(200_000), balance(usdfc("1"), rate=self.RATE, runway=6))
        assert (priced.buffer, priced.deposit) == (0, 0)

    def test_the_rest_of_it_when_they_end_soon(self) -> None:
        small = Costs(1, 0, 0, 0, 0, 0, 0, 0, 0, 0)
        available = 3 * self.RATE
        priced = quote(small, balance(available, rate=self.RATE, runway=3))
        assert priced.deposit == priced.buffer == 2 * self.RATE


def test_a_runway_covers_old_and_new_payments() -> None:
    priced = quote(one(200_000), balance(rate=10**12), runway_epochs=2_880)
    assert priced.runway == 2_880 * (10**12 + RATE)
    without = quote(one(200_000), balance(rate=10**12))
    assert priced.deposit - without.deposit == priced.runway


@pytest.mark.parametrize(
    "build",
    [
        lambda: Addition(10, 9, 1),
        lambda: Addition(None, 9, -1),
        lambda: Addition(None, 9, 1, pieces_per_commit=0),
        lambda: Addition(None, 9, 1, pieces_per_commit=41),
        lambda: StorageWish((126,)),
        lambda: StorageWish((1_065_353_217,)),
        lambda: StorageWish((127,), copies=0),
        lambda: StorageWish((127,), runway_days=-1),
        lambda: StorageWish((127,), copies=2, provider_ids=(1,)),
    ],
)
def test_what_cannot_be_priced(build: object) -> None:
    with pytest.raises(InvalidInput):
        build()


@given(st.lists(st.integers(127, 2**24), min_size=1, max_size=50), st.integers(0, 10**9))
def test_a_wish_is_billed_by_leaves_like_on_chain(sizes: list[int], before: int) -> None:
    wish = StorageWish(tuple(sizes), copies=2, scope=(("withCDN", ""),))
    new, old = wish.additions([None, before])
    leaves = sum(map(leaves_of, sizes))
    assert (new.bytes_before, new.bytes_after) == (None, billed_bytes(leaves))
    assert (old.bytes_before, old.bytes_after) == (
        billed_bytes(before),
        billed_bytes(before + leaves),
    )
    assert sum(sizes) <= new.bytes_after
    assert new.with_cdn
    assert new.pieces == len(sizes)
