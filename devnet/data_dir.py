"""The folder that holds all state of one world, and the lock that keeps a second one out."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from vibesflow.errors import DataDirBusy


@dataclass(frozen=True)
class DataDir:
    """Where each part keeps its files."""

    root: Path

    @property
    def logs(self) -> Path:
        """One log for each part."""
        return self.root / "logs"

    @property
    def staging(self) -> Path:
        """Staged chunks."""
        return self.root / "staging"

    @property
    def read_cache(self) -> Path:
        """Pieces that the API fetched."""
        return self.root / "read-cache"

    @property
    def table(self) -> Path:
        """State of the table engine."""
        return self.root / "table"

    @property
    def chain(self) -> Path:
        """State of the chain."""
        return self.root / "chain"

    @property
    def temporal_db(self) -> Path:
        """Database of the Temporal server."""
        return self.root / "temporal.db"

    @property
    def devnet_info(self) -> Path:
        """The devnet's JSON export."""
        return self.root / "devnet.json"

    @property
    def env_file(self) -> Path:
        """Settings of the world's processes; holds the devnet key."""
        return self.root / "env"

    @property
    def access_keys(self) -> Path:
        """Keys of the door, where it is not open to everybody."""
        return self.root / "access-keys"

    @property
    def ready_file(self) -> Path:
        """Addresses and process ids, while the world runs."""
        return self.root / "ready.json"

    @property
    def ports(self) -> Path:
        """The ports chosen last time."""
        return self.root / "ports.json"

    def provider(self, number: int) -> Path:
        """Pieces of one storage provider."""
        return self.root / f"provider-{number}"

    @contextmanager
    def held(self) -> Iterator[None]:
        """Make the folders and hold them for this process.

        Raises:
            DataDirBusy: another process holds them.
        """
        for folder in (self.logs, self.staging, self.table, self.chain):
            folder.mkdir(parents=True, exist_ok=True)
        with (self.root / "lock").open("a+") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError as error:
                lock.seek(0)
                raise DataDirBusy(
                    f"{self.root} is in use by process {lock.read().strip() or 'unknown'}"
                ) from error
            lock.truncate(0)
            lock.write(str(os.getpid()))
            lock.flush()
            yield
