"""What must survive a crash, besides the bytes: one SQLite file, one thread."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

T = TypeVar("T")

_SCHEMA = """
CREATE TABLE IF NOT EXISTS pieces (
  cid TEXT PRIMARY KEY, v1_cid TEXT NOT NULL, raw_size INTEGER NOT NULL,
  parked_at REAL NOT NULL, touched_at REAL NOT NULL);
CREATE INDEX IF NOT EXISTS pieces_by_v1_cid ON pieces (v1_cid);

CREATE TABLE IF NOT EXISTS uploads (
  id TEXT PRIMARY KEY, opened_at REAL NOT NULL, file TEXT, cid TEXT, received_at REAL);

CREATE TABLE IF NOT EXISTS declared_uploads (
  id TEXT PRIMARY KEY, opened_at REAL NOT NULL, cid TEXT NOT NULL, notify TEXT,
  received_at REAL);

CREATE TABLE IF NOT EXISTS notifications (
  id INTEGER PRIMARY KEY, url TEXT NOT NULL, cid TEXT NOT NULL, due_at REAL NOT NULL);

CREATE TABLE IF NOT EXISTS transactions (
  hash TEXT PRIMARY KEY, nonce INTEGER NOT NULL, raw TEXT NOT NULL, purpose TEXT NOT NULL,
  data_set_id INTEGER, status TEXT NOT NULL DEFAULT 'pending', sent_at REAL NOT NULL);
CREATE INDEX IF NOT EXISTS transactions_by_status ON transactions (status);
CREATE INDEX IF NOT EXISTS transactions_by_data_set ON transactions (data_set_id);

CREATE TABLE IF NOT EXISTS replacements (
  hash TEXT PRIMARY KEY REFERENCES transactions (hash) ON DELETE CASCADE, by_hash TEXT NOT NULL);

CREATE TABLE IF NOT EXISTS added_pieces (
  hash TEXT NOT NULL REFERENCES transactions (hash) ON DELETE CASCADE,
  position INTEGER NOT NULL, cid TEXT NOT NULL, piece_id INTEGER, removed INTEGER DEFAULT 0,
  sub_position INTEGER NOT NULL, sub_cid TEXT NOT NULL, sub_offset INTEGER NOT NULL,
  PRIMARY KEY (hash, position, sub_position));
CREATE INDEX IF NOT EXISTS added_pieces_by_sub_cid ON added_pieces (sub_cid);

CREATE TABLE IF NOT EXISTS terminations (
  data_set_id INTEGER PRIMARY KEY, extra_data TEXT NOT NULL, hash TEXT NOT NULL DEFAULT '');

CREATE TABLE IF NOT EXISTS pulls (key TEXT PRIMARY KEY, asked_at REAL NOT NULL);
CREATE TABLE IF NOT EXISTS pull_items (
  key TEXT NOT NULL REFERENCES pulls (key) ON DELETE CASCADE,
  position INTEGER NOT NULL, cid TEXT NOT NULL, sources TEXT NOT NULL, status TEXT NOT NULL,
  PRIMARY KEY (key, position));
CREATE INDEX IF NOT EXISTS pull_items_by_status ON pull_items (status);
"""


class Database:
    """The provider's rows. Each piece of work is one transaction, durable when it returns."""

    def __init__(self, path: Path) -> None:
        self._connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        self._connection.row_factory = sqlite3.Row
        self._connection.execute("PRAGMA journal_mode = WAL")
        self._connection.execute("PRAGMA synchronous = FULL")
        self._connection.execute("PRAGMA foreign_keys = ON")
        self._connection.executescript(_SCHEMA)
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="sqlite")

    async def run(self, work: Callable[[sqlite3.Connection], T]) -> T:
        """Do the work on the database's thread; all of it is kept, or nothing if it raises."""
        return await asyncio.get_running_loop().run_in_executor(self._thread, self._do, work)

    async def rows(self, query: str, *values: object) -> list[sqlite3.Row]:
        """Read rows."""
        return await self.run(lambda db: db.execute(query, values).fetchall())

    async def row(self, query: str, *values: object) -> sqlite3.Row | None:
        """Read the first row, if there is one."""
        found = await self.rows(query, *values)
        return found[0] if found else None

    async def execute(self, query: str, *values: object) -> int:
        """Change rows; returns how many."""
        return await self.run(lambda db: db.execute(query, values).rowcount)

    def close(self) -> None:
        """Wait for the work in hand and close the file."""
        self._thread.shutdown(wait=True)
        self._connection.close()

    def _do(self, work: Callable[[sqlite3.Connection], T]) -> T:
        with self._connection:
            self._connection.execute("BEGIN IMMEDIATE")
            return work(self._connection)
