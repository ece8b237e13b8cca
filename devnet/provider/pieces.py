"""The pieces a provider holds: one file each, under the name of its PieceCID."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from devnet.provider.faults import FaultName, Faults
from devnet.provider.options import Clock
from devnet.provider.spool import move
from devnet.provider.state import Database
from vibesflow.filecoin import PieceCid

AlsoRecord = Callable[[sqlite3.Connection], None]
"""More to write in the same database transaction."""

_FORGET_UNCOMMITTED = """
DELETE FROM pieces WHERE touched_at < ? AND cid NOT IN (
  SELECT sub_cid FROM added_pieces JOIN transactions USING (hash)
  WHERE status != 'failed' AND NOT removed)
RETURNING cid"""

_ADOPT = "INSERT INTO pieces VALUES (:cid, :v1_cid, :raw_size, :parked_at, :now)"
_PARK = f"{_ADOPT} ON CONFLICT (cid) DO UPDATE SET touched_at = :now"


@dataclass(frozen=True)
class StoredPiece:
    """A piece on this provider's disk."""

    cid: PieceCid
    path: Path
    parked_at: float


class PieceStore:
    """Keeps pieces on disk and knows which are published.

    A piece is *parked* once its bytes are durable, and *published* (findable, ready to be added
    to a data set) the publishing delay later.
    """

    def __init__(
        self,
        folder: Path,
        database: Database,
        publish_delay_s: float,
        clock: Clock,
        faults: Faults | None = None,
    ) -> None:
        self._folder = folder
        self._faults = faults or Faults()
        self._database = database
        self._publish_delay_s = publish_delay_s
        self._clock = clock
        self._files = asyncio.Lock()
        folder.mkdir(parents=True, exist_ok=True)

    @property
    def publish_delay_s(self) -> float:
        """Seconds between parking and publishing."""
        return self._publish_delay_s

    async def park(
        self,
        file: Path,
        cid: PieceCid,
        also: AlsoRecord = lambda _db: None,
        *,
        late_s: float | None = None,
    ) -> None:
        """Take over a synced file whose PieceCID was checked; durable when this returns.

        A file that is gone because an earlier call crashed half-way is fine.

        Args:
            file: the bytes.
            cid: what they are.
            also: what else to record with it.
            late_s: how much later than usual it is published, if that was ordered.

        Raises:
            FileNotFoundError: the file is gone and the piece is not here either.
        """
        target = self._path(cid.text)
        delay_s = late_s or self._faults.delay_s(FaultName.PUBLISH_DELAY) or 0.0

        def record(db: sqlite3.Connection) -> None:
            db.execute(_PARK, self._row(cid, delay_s))
            also(db)

        async with self._files:
            await asyncio.to_thread(_move_once, file, target)
            await self._database.run(record)

    async def find(self, cid: PieceCid) -> StoredPiece | None:
        """Return a parked piece, or None."""
        return await self._find("SELECT cid, parked_at FROM pieces WHERE cid = ?", cid.text)

    async def find_v1(self, v1_text: str) -> StoredPiece | None:
        """Return a parked piece by its CID v1, which does not say the size."""
        query = "SELECT cid, parked_at FROM pieces WHERE v1_cid = ? ORDER BY parked_at LIMIT 1"
        return await self._find(query, v1_text)

    def is_published(self, piece: StoredPiece) -> bool:
        """Whether the piece is findable by now."""
        return piece.parked_at + self._publish_delay_s <= self._clock()

    async def claim(self, cids: Iterable[PieceCid]) -> PieceCid | None:
        """Put off the end of stored but uncommitted pieces that are about to be committed.

        Returns:
            The first that is not published here, or None when all are; then none is swept
            before its age runs out anew.
        """
        wanted = {cid.text: cid for cid in cids}
        published_before = self._clock() - self._publish_delay_s
        touch = "UPDATE pieces SET touched_at = ? WHERE cid = ? AND parked_at <= ?"

        def work(db: sqlite3.Connection) -> PieceCid | None:
            for text, cid in wanted.items():
                if not db.execute(touch, (self._clock(), text, published_before)).rowcount:
                    return cid
            return None

        return await self._database.run(work)

    async def sweep(self, age_s: float) -> list[str]:
        """Drop pieces that nobody committed for so long; returns their PieceCIDs."""
        async with self._files:
            rows = await self._database.rows(_FORGET_UNCOMMITTED, self._clock() - age_s)
            forgotten = [str(row["cid"]) for row in rows]
            await asyncio.to_thread(self._unlink, forgotten)
        return forgotten

    async def adopt_strays(self) -> None:
        """Enter pieces whose file was renamed into place by a process that died right then."""
        known = {row["cid"] for row in await self._database.rows("SELECT cid FROM pieces")}
        names = await asyncio.to_thread(lambda: {file.name for file in self._folder.glob("*/*")})
        rows = [self._row(PieceCid.parse(name)) for name in sorted(names - known)]
        await self._database.run(lambda db: db.executemany(_ADOPT, rows))

    async def _find(self, query: str, text: str) -> StoredPiece | None:
        row = await self._database.row(query, text)
        if row is None:
            return None
        return StoredPiece(PieceCid.parse(row["cid"]), self._path(row["cid"]), row["parked_at"])

    def _path(self, text: str) -> Path:
        return self._folder / text[-2:] / text

    def _unlink(self, texts: list[str]) -> None:
        for text in texts:
            self._path(text).unlink(missing_ok=True)

    def _row(self, cid: PieceCid, late_s: float = 0.0) -> dict[str, object]:
        return {
            "cid": cid.text,
            "v1_cid": cid.to_v1_text(),
            "raw_size": cid.raw_size,
            "parked_at": self._clock() + late_s,
            "now": self._clock(),
        }


def _move_once(file: Path, target: Path) -> None:
    if file.exists() or not target.exists():
        move(file, target)
