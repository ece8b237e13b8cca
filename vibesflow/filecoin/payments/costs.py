"""What it costs to add pieces to data sets, whoever pays it and from whatever account.

All amounts are in the smallest unit of USDFC.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from vibesflow.errors import InvalidInput
from vibesflow.filecoin.commit_request import MAX_COMMIT_PIECES
from vibesflow.filecoin.payments.prices import PriceList


@dataclass(frozen=True, slots=True)
class Addition:
    """Pieces that are added to one data set, that is, one copy of them.

    Attributes:
        bytes_before: what the set is billed for now; None if it has yet to be created.
        bytes_after: what it will be billed for.
        pieces: how many are added.
        pieces_per_commit: how many of them one AddPieces holds, 1 to 40.
        with_cdn: a new set pays for retrieval through the CDN.

    Raises:
        InvalidInput: the numbers contradict each other or the limits.
    """

    bytes_before: int | None
    bytes_after: int
    pieces: int
    pieces_per_commit: int = MAX_COMMIT_PIECES
    with_cdn: bool = False

    def __post_init__(self) -> None:
        if self.pieces < 0 or self.bytes_after < (self.bytes_before or 0):
            raise InvalidInput("an upload adds pieces, it takes nothing away")
        if not 1 <= self.pieces_per_commit <= MAX_COMMIT_PIECES:
            raise InvalidInput(f"a commit holds 1 to {MAX_COMMIT_PIECES} pieces")

    @property
    def is_new(self) -> bool:
        """The data set has yet to be created."""
        return self.bytes_before is None


@dataclass(frozen=True, slots=True)
class Costs:
    """What an upload costs, all copies together.

    Attributes:
        copies: data sets that are added to.
        new_data_sets: how many of them have yet to be created.
        pieces: pieces added, counting each copy.
        rate_per_epoch: by how much the payments an epoch grow.
        cost_per_month: the same for a month, before it is cut into epochs.
        rate_lockup: locked so that the growth stays paid for the lockup period.
        reserve_lockup: locked in new data sets, for fees.
        cdn_lockup: locked in new data sets with CDN.
        create_fees: paid once for new data sets.
        add_fees: paid once for the pieces.
    """

    copies: int
    new_data_sets: int
    pieces: int
    rate_per_epoch: int
    cost_per_month: int
    rate_lockup: int
    reserve_lockup: int
    cdn_lockup: int
    create_fees: int
    add_fees: int

    @property
    def lockup(self) -> int:
        """All that is locked; it stays the payer's until it is spent."""
        return self.rate_lockup + self.reserve_lockup + self.cdn_lockup

    @property
    def fees(self) -> int:
        """All that is paid once."""
        return self.create_fees + self.add_fees


def costs_of(prices: PriceList, additions: Sequence[Addition]) -> Costs:
    """Price an upload; one addition for each copy."""
    created = [addition for addition in additions if addition.is_new]
    with_cdn = sum(addition.with_cdn for addition in created)
    rate = sum(_growth(addition, prices.rate_per_epoch) for addition in additions)
    return Costs(
        copies=len(additions),
        new_data_sets=len(created),
        pieces=sum(addition.pieces for addition in additions),
        rate_per_epoch=rate,
        cost_per_month=sum(_growth(addition, prices.cost_per_month) for addition in additions),
        rate_lockup=rate * prices.lockup_period_epochs,
        reserve_lockup=len(created) * prices.lifecycle_reserve,
        cdn_lockup=with_cdn * (prices.cdn_lockup + prices.cache_miss_lockup),
        create_fees=len(created) * prices.create_data_set_fee,
        add_fees=sum(prices.add_fees(a.pieces, a.pieces_per_commit) for a in additions),
    )


def _growth(addition: Addition, price: Callable[[int], int]) -> int:
    return price(addition.bytes_after) - price(addition.bytes_before or 0)
