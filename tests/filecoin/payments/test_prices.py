"""The published vectors of rates, and the chain's counting of leaves."""

from __future__ import annotations

import pytest

from tests.filecoin.payments.figures import PRICES, usdfc
from vibesflow.filecoin.payments.prices import billed_bytes, leaves_of


@pytest.mark.parametrize(
    ("stored_bytes", "rate"),
    [
        (0, 0),
        (127, 277_777_781_119),
        (2**20, 277_805_372_519),
        (2**30, 306_034_794_559),
        (2**40, 29_212_962_962_962),
    ],
)
def test_rate_per_epoch(stored_bytes: int, rate: int) -> None:
    assert PRICES.rate_per_epoch(stored_bytes) == rate


@pytest.mark.parametrize(
    ("stored_bytes", "cost"), [(0, 0), (2**40, usdfc("2.524")), (2**30, usdfc("0.02644140625"))]
)
def test_cost_per_month(stored_bytes: int, cost: int) -> None:
    assert PRICES.cost_per_month(stored_bytes) == cost


@pytest.mark.parametrize(
    ("pieces", "per_commit", "fees"),
    [(0, 40, "0"), (1, 40, "0.0008"), (40, 40, "0.0125"), (41, 40, "0.0133"), (40, 1, "0.032")],
)
def test_fees_for_adding(pieces: int, per_commit: int, fees: str) -> None:
    assert PRICES.add_fees(pieces, per_commit) == usdfc(fees)


@pytest.mark.parametrize(
    "size", [127, 128, 200_000, 2**20, 1_000_003, 8_126_464, 2**30 * 127 // 128]
)
def test_leaves_follow_height_and_padding(size: int) -> None:
    quads = -(-size // 127)
    height = 2 + (quads - 1).bit_length()
    padding = 127 * 2 ** (height - 2) - size
    assert leaves_of(size) == 2**height - (128 * padding // 127) // 32
    assert size <= billed_bytes(leaves_of(size)) < size + 64
