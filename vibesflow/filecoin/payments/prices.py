"""What storage costs: the price list of FWSS 1.3, and the contracts' arithmetic on it.

All amounts are in the smallest unit of USDFC, and all divisions round down, as on chain.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from vibesflow.filecoin.payments.units import EPOCHS_PER_MONTH, TIB

_LEAF_BYTES: Final = 32
_QUAD_BYTES: Final = 127
_PADDED_QUAD_BYTES: Final = 128
_LEAVES_A_QUAD: Final = 4


@dataclass(frozen=True, slots=True)
class PriceList:
    """Prices as the StateView's ``getPriceList`` tells them, in its order.

    Attributes:
        token: the ERC-20 that is paid with, USDFC.
        storage_per_tib_month: for a TiB stored for a month of 86,400 epochs.
        data_set_fee_per_month: for every data set that is not empty.
        cdn_egress_per_tib: for a TiB served by the CDN.
        cache_miss_egress_per_tib: for a TiB that the CDN fetches from the provider.
        create_data_set_fee: once.
        add_pieces_base_fee: for every AddPieces.
        add_pieces_per_piece_fee: for every piece in it.
        schedule_removals_fee: for every call that removes pieces.
        terminate_fee: for a termination that the provider sends.
        lifecycle_reserve: locked per data set; fees are paid from it.
        replenish_threshold: the reserve is filled up when it would fall below.
        lockup_period_epochs: how long storage stays paid after the funds ran out.
        cdn_lockup: locked per data set with CDN, for what it serves.
        cache_miss_lockup: locked per data set with CDN, for what it fetches.
        cdn_lockup_period_epochs: lockup period of both.
    """

    token: str
    storage_per_tib_month: int
    data_set_fee_per_month: int
    cdn_egress_per_tib: int
    cache_miss_egress_per_tib: int
    create_data_set_fee: int
    add_pieces_base_fee: int
    add_pieces_per_piece_fee: int
    schedule_removals_fee: int
    terminate_fee: int
    lifecycle_reserve: int
    replenish_threshold: int
    lockup_period_epochs: int
    cdn_lockup: int
    cache_miss_lockup: int
    cdn_lockup_period_epochs: int

    def rate_per_epoch(self, stored_bytes: int) -> int:
        """Return what a whole data set costs an epoch; an empty one costs nothing."""
        if stored_bytes == 0:
            return 0
        storage = stored_bytes * self.storage_per_tib_month // (TIB * EPOCHS_PER_MONTH)
        return storage + self.data_set_fee_per_month // EPOCHS_PER_MONTH

    def cost_per_month(self, stored_bytes: int) -> int:
        """Return what a whole data set costs a month, before it is cut into epochs."""
        if stored_bytes == 0:
            return 0
        return stored_bytes * self.storage_per_tib_month // TIB + self.data_set_fee_per_month

    def add_fees(self, pieces: int, pieces_per_commit: int) -> int:
        """Return the fees for adding pieces in as few calls as possible."""
        calls = -(-pieces // pieces_per_commit)
        return self.add_pieces_base_fee * calls + self.add_pieces_per_piece_fee * pieces


def leaves_of(size_bytes: int) -> int:
    """Return how many 32-byte leaves the chain counts for a payload (FRC-0069 padding)."""
    quads = max(1, -(-size_bytes // _QUAD_BYTES))
    padded_quads = 1 << (quads - 1).bit_length()
    padding = padded_quads * _QUAD_BYTES - size_bytes
    unused = padding * _PADDED_QUAD_BYTES // _QUAD_BYTES // _LEAF_BYTES
    return padded_quads * _LEAVES_A_QUAD - unused


def billed_bytes(leaves: int) -> int:
    """Return for how many bytes the chain bills a data set of so many leaves."""
    return leaves * _LEAF_BYTES * _QUAD_BYTES // _PADDED_QUAD_BYTES
