"""What a payer holds on chain, in plain values; nothing here needs the Ethereum libraries."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class HeldDataSet:
    """A live data set.

    Attributes:
        scope: its metadata without `source`; sets that differ in it keep the same bytes apart.
        pieces: the id that its next piece will get, so at least as many as it holds.
    """

    data_set_id: int
    provider_id: int
    scope: tuple[tuple[str, str], ...]
    pieces: int


@dataclass(frozen=True, slots=True)
class HeldPiece:
    """A live piece with the pairs that are kept with it.

    Attributes:
        size: bytes of the payload.
    """

    piece_cid: str
    size: int
    piece_id: int
    pairs: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class HoldingProvider:
    """A provider with an active product.

    Attributes:
        address: account that sends its transactions.
        base_url: where it serves pieces; the PieceCID follows.
    """

    provider_id: int
    address: str
    base_url: str


@dataclass(frozen=True, slots=True)
class Holdings:
    """All data sets of a payer.

    Attributes:
        ours: the live ones that carry our `source`, in the order of their ids.
        others: how many live ones carry another.
        ended: ids of those that are gone from chain, and their pieces' metadata with them.
    """

    ours: tuple[HeldDataSet, ...]
    others: int
    ended: tuple[int, ...]
