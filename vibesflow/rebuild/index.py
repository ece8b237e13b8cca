"""All pieces on chain, on disk while a rebuild goes through them: memory stays small."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from types import TracebackType
from typing import Self

from vibesflow.filecoin.holdings import HeldDataSet, HeldPiece
from vibesflow.rebuild.evidence import Sighting
from vibesflow.stream.piece_metadata import ChunkNote, read_metadata

_CIDS_A_QUERY = 500
_SCHEMA = """
CREATE TABLE piece (
    cid TEXT, size INTEGER, data_set INTEGER, piece INTEGER, provider INTEGER, scope TEXT,
    rta TEXT, pairs TEXT, PRIMARY KEY (data_set, piece)
) WITHOUT ROWID;
CREATE INDEX by_rta ON piece (rta);
CREATE INDEX by_cid ON piece (cid);
"""
_COLUMNS = "cid, size, data_set, piece, provider, scope, pairs"


class PieceIndex:
    """A file of its own that nobody else sees and that is gone when it is closed.

    Ids on chain are 256-bit; SQLite has 64. Data sets and pieces are counted from 0, so they fit.
    """

    def __init__(self) -> None:
        self._db = sqlite3.connect("")  # a temporary file on disk
        self._db.executescript(_SCHEMA)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._db.close()

    def add(self, data_set: HeldDataSet, pieces: Iterable[HeldPiece]) -> int:
        """Keep pieces of a data set; return how many of them bear no note that can be read."""
        scope = json.dumps(data_set.scope)
        rows, unread = [], 0
        for piece in pieces:
            note = read_metadata(piece.pairs)
            unread += note is None
            rta_id = note.chunk_id.rta_id if isinstance(note, ChunkNote) else note and note.rta_id
            place = (data_set.data_set_id, piece.piece_id, data_set.provider_id, scope)
            pairs = json.dumps(dict(piece.pairs))
            rows.append((piece.piece_cid, piece.size, *place, rta_id, pairs))
        with self._db:
            self._db.executemany(
                "INSERT OR REPLACE INTO piece VALUES (?, ?, ?, ?, ?, ?, ?, ?)", rows
            )
        return unread

    def streams(self) -> Iterator[str]:
        """Yield the ids of all streams that are noted, in order."""
        after = ""
        while True:
            found = self._db.execute(
                "SELECT DISTINCT rta FROM piece WHERE rta > ? ORDER BY rta LIMIT 1000", (after,)
            ).fetchall()
            if not found:
                return
            yield from (rta_id for (rta_id,) in found)
            after = found[-1][0]

    def count(self) -> int:
        """Return how many streams are noted."""
        (number,) = self._db.execute("SELECT COUNT(DISTINCT rta) FROM piece").fetchone()
        return int(number)

    def knows(self, rta_id: str) -> bool:
        """Tell whether a piece is noted for the stream."""
        found = self._db.execute("SELECT 1 FROM piece WHERE rta = ? LIMIT 1", (rta_id,)).fetchone()
        return found is not None

    def of_stream(self, rta_id: str) -> tuple[Sighting, ...]:
        """Return the pieces that are noted for a stream."""
        query = f"SELECT {_COLUMNS} FROM piece WHERE rta = ? ORDER BY data_set, piece"  # noqa: S608
        return tuple(map(_sighting, self._db.execute(query, (rta_id,))))

    def with_bytes(self, cids: Sequence[str]) -> Iterator[Sighting]:
        """Yield every piece that is one of these, whoever it is noted for."""
        for start in range(0, len(cids), _CIDS_A_QUERY):
            page = cids[start : start + _CIDS_A_QUERY]
            marks = ",".join("?" * len(page))
            query = f"SELECT {_COLUMNS} FROM piece WHERE cid IN ({marks})"  # noqa: S608
            yield from map(_sighting, self._db.execute(query, page))


def _sighting(row: tuple[str, int, int, int, int, str, str]) -> Sighting:
    cid, size, data_set, piece, provider, scope, pairs = row
    note = read_metadata(json.loads(pairs))
    return Sighting(cid, size, data_set, piece, provider, scope, note)
