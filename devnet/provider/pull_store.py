"""Pull requests on disk: asked once, carried on by whichever process is alive."""

from __future__ import annotations

import hashlib
import json
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from devnet.provider.options import Clock
from devnet.provider.state import Database

_UNSETTLED = "('pending', 'inProgress', 'retrying')"
_ITEM = "INSERT INTO pull_items VALUES (?, ?, ?, ?, 'pending')"
_OPEN_ITEMS = f"SELECT * FROM pull_items WHERE status IN {_UNSETTLED}"  # noqa: S608 - ours
_COUNT = f"SELECT DISTINCT cid FROM pull_items WHERE status IN {_UNSETTLED}"  # noqa: S608 - ours
_STATUSES = "SELECT cid, status FROM pull_items WHERE key = ? ORDER BY position"
_SWEEP = "DELETE FROM pulls WHERE asked_at < ?"


class PullStatus(StrEnum):
    """How far a piece, or a whole pull, is."""

    PENDING = "pending"
    IN_PROGRESS = "inProgress"
    RETRYING = "retrying"
    COMPLETE = "complete"
    FAILED = "failed"


@dataclass(frozen=True)
class PullItem:
    """One piece to fetch.

    Attributes:
        key: the pull it belongs to.
        sources: addresses to try, in order.
    """

    key: str
    position: int
    cid: str
    sources: tuple[str, ...]


def pull_key(extra: bytes, data_set_id: int, record_keeper: str) -> str:
    """Name a pull so that posting the same request again asks for its state."""
    digest = hashlib.sha256(extra).hexdigest()
    return f"public:{digest}:{data_set_id}:{record_keeper}"


def overall(statuses: Sequence[PullStatus]) -> PullStatus:
    """State of a whole pull: open while one piece is, complete if one piece is."""
    order = (
        PullStatus.IN_PROGRESS,
        PullStatus.RETRYING,
        PullStatus.PENDING,
        PullStatus.COMPLETE,
    )
    return next((status for status in order if status in statuses), PullStatus.FAILED)


class PullStore:
    """Rows of pulls and their pieces."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def statuses(self, key: str) -> list[tuple[str, PullStatus]]:
        """PieceCID and state of each piece of a pull; empty if there is no such pull."""
        rows = await self._database.rows(_STATUSES, key)
        return [(row["cid"], PullStatus(row["status"])) for row in rows]

    async def add(self, key: str, items: Sequence[PullItem]) -> bool:
        """Write down a new pull; False if it is known already."""

        def work(db: sqlite3.Connection) -> bool:
            insert = "INSERT OR IGNORE INTO pulls VALUES (?, ?)"
            if not db.execute(insert, (key, self._clock())).rowcount:
                return False
            rows = [(key, item.position, item.cid, json.dumps(item.sources)) for item in items]
            db.executemany(_ITEM, rows)
            return True

        return await self._database.run(work)

    async def set_status(self, item: PullItem, status: PullStatus) -> None:
        """Write down how far a piece is."""
        update = "UPDATE pull_items SET status = ? WHERE key = ? AND position = ?"
        await self._database.execute(update, status, item.key, item.position)

    async def unsettled(self) -> list[PullItem]:
        """Pieces that are still to be fetched."""
        rows = await self._database.rows(_OPEN_ITEMS)
        return [
            PullItem(row["key"], row["position"], row["cid"], tuple(json.loads(row["sources"])))
            for row in rows
        ]

    async def unsettled_cids(self) -> set[str]:
        """PieceCIDs that are still to be fetched, each once."""
        return {row["cid"] for row in await self._database.rows(_COUNT)}

    async def sweep(self, age_s: float) -> int:
        """Forget old pulls; returns how many."""
        return await self._database.execute(_SWEEP, self._clock() - age_s)
