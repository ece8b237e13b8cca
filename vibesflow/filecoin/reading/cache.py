"""A folder of checked pieces, the least recently read ones going first. Everything here blocks."""

from __future__ import annotations

import contextlib
import logging
import os
import tempfile
import threading
import time
from io import BufferedReader, BufferedWriter
from pathlib import Path
from typing import Final

from vibesflow.errors import ProviderLied
from vibesflow.filecoin.piece_cid import PieceCid
from vibesflow.filecoin.reading.checks import Check, PieceCheck
from vibesflow.filecoin.reading.cids import Cid

_log = logging.getLogger(__name__)

_SUFFIX: Final = ".part"
_LEFT_BEHIND_S: Final = 3600.0
_BLOCK_BYTES: Final = 256 * 1024
_SHARE: Final = 16
"""The folder is looked through whenever a sixteenth of its room was filled anew."""

_Identity = tuple[int, int, int]


class Incoming:
    """An answer on its way into the cache: written and checked block by block.

    The lock keeps `discard` from pulling the file away under a write that a cancelled caller
    left behind on its thread.
    """

    def __init__(self, folder: Path, check: Check) -> None:
        self._folder = folder
        self._check = check
        self._lock = threading.Lock()
        self._file: BufferedWriter | None = None
        self._over = False

    def write(self, block: bytes) -> None:
        """Append a block; raises `ProviderLied` once it cannot be right any more."""
        with self._lock:
            self._check.update(block)
            if not self._over:
                self._opened().write(block)

    def seal(self) -> os.stat_result:
        """Finish writing; raises `ProviderLied` if the bytes are not what was asked for."""
        with self._lock:
            self._check.verify()
            file = self._opened()
            file.flush()
            return os.fstat(file.fileno())

    def publish(self, path: Path) -> None:
        """Give the sealed file its name."""
        with self._lock:
            if not self._over:
                Path(self._opened().name).replace(path)

    def discard(self) -> None:
        """Remove the file, unless it has got its name."""
        with self._lock:
            self._over = True
            if self._file is not None:
                self._file.close()
                Path(self._file.name).unlink(missing_ok=True)

    def _opened(self) -> BufferedWriter:
        if self._file is None:
            self._folder.mkdir(parents=True, exist_ok=True)
            descriptor, name = tempfile.mkstemp(suffix=_SUFFIX, dir=self._folder)
            os.close(descriptor)
            self._file = Path(name).open("wb")  # noqa: SIM115 - closed by `discard`
        return self._file


class PieceCache:
    """Checked content by CID.

    A file is believed if this very process checked it and it has not changed since; one that an
    earlier or another process left is hashed again before it is. Several processes may share a
    folder.

    Args:
        folder: where; made when it is needed.
        max_bytes: how much is kept besides the newest.
    """

    def __init__(self, folder: Path, max_bytes: int) -> None:
        self._folder = folder
        self._max_bytes = max_bytes
        self._checked: dict[str, _Identity] = {}
        self._grown_bytes = max_bytes
        self._sweeping = threading.Lock()

    def incoming(self, check: Check) -> Incoming:
        """Begin to take content in."""
        return Incoming(self._folder, check)

    def keep(self, cid: Cid, incoming: Incoming) -> None:
        """Give content its name if it is what the CID says, and make room for it.

        Raises:
            ProviderLied: it is not.
        """
        status = incoming.seal()
        # before it has its name, so that nobody meets a file that is not known to be good
        self._checked[cid.text] = _identity(status)
        incoming.publish(self._folder / cid.text)
        self._grown_bytes += status.st_size
        if self._grown_bytes > self._max_bytes // _SHARE:
            self._sweep(cid.text)

    def open(self, cid: Cid) -> BufferedReader | None:
        """Open content that is known to be good; None if there is none."""
        path = self._folder / cid.text
        try:
            file = path.open("rb")
        except FileNotFoundError:
            return None
        try:
            good = self._is_good(cid, file)
        except BaseException:
            file.close()
            raise
        if good:
            _touch(path)
            return file
        file.close()
        path.unlink(missing_ok=True)
        return None

    def _is_good(self, cid: Cid, file: BufferedReader) -> bool:
        identity = _identity(os.fstat(file.fileno()))
        if self._checked.get(cid.text) == identity:
            return True
        if not isinstance(cid, PieceCid) or not _hashes_to(cid, file):
            return False
        file.seek(0)
        self._checked[cid.text] = identity
        return True

    def _sweep(self, newest: str) -> None:
        """Remove what was read longest ago, until a sixteenth of the room is free."""
        with self._sweeping:
            self._grown_bytes = 0
            found = sorted(self._entries(), key=lambda entry: entry[1].st_atime_ns, reverse=True)
            kept_bytes, room_bytes = 0, self._max_bytes - self._max_bytes // _SHARE
            for path, status in found:
                kept_bytes += status.st_size
                if kept_bytes > room_bytes and path.name != newest:
                    path.unlink(missing_ok=True)
                    self._checked.pop(path.name, None)

    def _entries(self) -> list[tuple[Path, os.stat_result]]:
        found = []
        for path in self._folder.iterdir():
            with contextlib.suppress(FileNotFoundError):
                status = path.stat()
                if path.suffix != _SUFFIX:
                    found.append((path, status))
                elif time.time() - status.st_mtime > _LEFT_BEHIND_S:
                    path.unlink()
        return found


def _identity(status: os.stat_result) -> _Identity:
    return status.st_ino, status.st_size, status.st_mtime_ns


def _touch(path: Path) -> None:
    """Note the reading; file systems themselves do that rarely or never."""
    with contextlib.suppress(FileNotFoundError):
        os.utime(path, ns=(time.time_ns(), path.stat().st_mtime_ns))


def _hashes_to(cid: PieceCid, file: BufferedReader) -> bool:
    check = PieceCheck(cid, "the cache")
    try:
        while block := file.read(_BLOCK_BYTES):
            check.update(block)
        check.verify()
    except ProviderLied as error:
        _log.warning("a cached piece is spoilt and fetched again: %s", error.message)
        return False
    return True
