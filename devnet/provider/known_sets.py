"""The data sets and pieces this provider has on chain, as far as its own transactions tell."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass

from devnet.provider.state import Database
from devnet.provider.transactions import TRANSACTIONS

_IS_KNOWN = """
SELECT 1 FROM transactions
WHERE data_set_id = ? AND status = 'confirmed' AND purpose IN ('create', 'create_and_add')"""

_PIECES = """
SELECT piece_id, cid, sub_cid, sub_offset FROM added_pieces JOIN transactions USING (hash)
WHERE data_set_id = ? AND piece_id IS NOT NULL AND NOT removed
ORDER BY piece_id, sub_position"""


@dataclass(frozen=True)
class HeldPiece:
    """One sub-piece of a piece in a data set; a plain piece is its own single sub-piece."""

    piece_id: int
    cid: str
    sub_cid: str
    sub_offset: int


class KnownSets:
    """Answers from the confirmed transactions."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def has(self, data_set_id: int) -> bool:
        """Whether this provider created the data set."""
        return await self._database.row(_IS_KNOWN, data_set_id) is not None

    async def pieces(self, data_set_id: int) -> list[HeldPiece]:
        """The data set's pieces, by id; those that wait for their removal included."""
        return [_held(row) for row in await self._database.rows(_PIECES, data_set_id)]

    async def transaction(self, tx_hash: str) -> sqlite3.Row | None:
        """The row of a transaction that this provider sent."""
        return await self._database.row(f"{TRANSACTIONS} WHERE hash = ?", tx_hash)


def _held(row: sqlite3.Row) -> HeldPiece:
    return HeldPiece(row["piece_id"], row["cid"], row["sub_cid"], row["sub_offset"])
