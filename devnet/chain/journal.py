"""What happened to the chain since its last snapshot, one line for each change, on disk at once."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path

_NEW_FILE = os.O_WRONLY | os.O_CREAT | os.O_TRUNC
_AT_THE_END = os.O_WRONLY | os.O_CREAT | os.O_APPEND


@dataclass(frozen=True)
class Change:
    """A transaction, a block, or a block that was mined because of a transaction.

    Attributes:
        raw: a signed transaction in hex, which joined the pool first; None for none.
        block: number of the block that was mined then; None if none was.
        timestamp_s: the block's time.
    """

    raw: str | None = None
    block: int | None = None
    timestamp_s: int | None = None


class Journal:
    """A file of changes; what `append` returned from survives any crash.

    Args:
        path: the file; it need not exist.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._file: int | None = None

    def open(self) -> tuple[Change, ...]:
        """Return what is in the file; a last line that a crash cut short is taken off."""
        whole, changes = _read(self.path)
        self._file = os.open(self.path, _AT_THE_END, 0o600)
        os.ftruncate(self._file, whole)
        os.fsync(self._file)
        sync_folder(self.path.parent)
        return changes

    def append(self, change: Change) -> None:
        """Write one change and wait for the disk."""
        if self._file is None:
            raise ValueError("the journal is not open")
        os.write(self._file, _line(change))
        os.fdatasync(self._file)

    def replace(self, changes: Iterable[Change]) -> None:
        """Begin anew with these changes; a crash leaves the old file or the new one."""
        write_whole(self.path, b"".join(map(_line, changes)))
        self.close()
        self._file = os.open(self.path, _AT_THE_END, 0o600)

    def close(self) -> None:
        """Close the file."""
        if self._file is not None:
            os.close(self._file)
            self._file = None


def write_whole(path: Path, content: bytes) -> None:
    """Put a file in another's place; it is on disk, whole, once this returns."""
    partial = path.with_name(f"{path.name}.partial")
    with os.fdopen(os.open(partial, _NEW_FILE, 0o600), "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    partial.replace(path)
    sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Wait until the names in a folder are on disk."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _line(change: Change) -> bytes:
    return json.dumps(asdict(change)).encode() + b"\n"


def _read(path: Path) -> tuple[int, tuple[Change, ...]]:
    """Return how many bytes are whole lines, and what they say."""
    whole, changes = 0, []
    for line in path.read_bytes().splitlines(keepends=True) if path.exists() else []:
        if not line.endswith(b"\n"):
            break
        changes.append(Change(**json.loads(line)))
        whole += len(line)
    return whole, tuple(changes)
