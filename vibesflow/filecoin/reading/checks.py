"""Judging bytes by their name while they come."""

from __future__ import annotations

from typing import Protocol

from vibesflow.errors import ProviderLied
from vibesflow.filecoin.piece_cid import PieceCid
from vibesflow.filecoin.piece_hasher import PieceHasher
from vibesflow.filecoin.reading.cids import Cid


class Check(Protocol):
    """Sees all bytes of one answer, in order."""

    def update(self, block: bytes) -> None:
        """Take the next block.

        Raises:
            ProviderLied: it cannot be right any more.
        """
        ...

    def verify(self) -> None:
        """Return if what came is what was asked for.

        Raises:
            ProviderLied: it is not.
        """
        ...


class PieceCheck:
    """Recomputes the PieceCID (FRC-0069) of what a source sends.

    Args:
        cid: the piece.
        source: name of the sender, for errors.
    """

    def __init__(self, cid: PieceCid, source: str) -> None:
        self._cid = cid
        self._context = f"{source}: read {cid}"
        self._hasher = PieceHasher()

    def update(self, block: bytes) -> None:
        """Hash the next block."""
        if self._hasher.size + len(block) > self._cid.raw_size:
            raise ProviderLied(f"{self._context}: more than {self._cid.raw_size} bytes came")
        self._hasher.update(block)

    def verify(self) -> None:
        """Compare length and PieceCID."""
        wanted, came = self._cid.raw_size, self._hasher.size
        if came != wanted:
            raise ProviderLied(f"{self._context}: {came} bytes came, not {wanted}")
        if (served := self._hasher.piece_cid()) != self._cid:
            raise ProviderLied(f"{self._context}: the bytes that came are {served}")


class LengthCheck:
    """Bounds content whose blocks were checked where they came in."""

    def __init__(self, max_bytes: int, source: str) -> None:
        self._max_bytes = max_bytes
        self._source = source
        self._size = 0

    def update(self, block: bytes) -> None:
        """Count the next block."""
        self._size += len(block)
        if self._size > self._max_bytes:
            raise ProviderLied(f"{self._source}: more than {self._max_bytes} bytes came")

    def verify(self) -> None:
        """Return; every block was checked."""


def check_of(cid: Cid, source: str, max_bytes: int) -> Check:
    """Return the check that fits a CID."""
    if isinstance(cid, PieceCid):
        return PieceCheck(cid, source)
    return LengthCheck(max_bytes, source)
