"""What the disk promises, and in which order it has to be asked.

A key is one file, and the file is in one of three states: absent, held (it is the bytes), released
(it is a line that names their digest, shorter than any chunk can be). One `link` makes it held and
fails if it exists in any state; one `replace` makes it released. So there is no instant at which a
crash leaves two answers, and other bytes under a known key lose at every instant.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import hashlib
import os
import re
import time
from collections.abc import Iterator
from io import BufferedRandom, BufferedReader
from pathlib import Path

from vibesflow.errors import StagedBytesCorrupt
from vibesflow.staging.port import Staged
from vibesflow.staging.spool import SUFFIX, Spool
from vibesflow.stream.chunk import MIN_CHUNK_BYTES

_NO_ROOM = (errno.ENOSPC, errno.EDQUOT)
_TOMBSTONE = re.compile(rb"released ([0-9a-f]{64}) ([0-9]{1,12})\n")


def make_folder(path: Path) -> None:
    """Create a folder and its parents, each of them durable once this returns."""
    missing = [folder for folder in (path, *path.parents) if not folder.exists()]
    for folder in reversed(missing):
        folder.mkdir(exist_ok=True)
        sync_folder(folder.parent)


def sync_folder(path: Path) -> None:
    """Make the entries of a folder survive a power cut."""
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def publish(sealed: Path, path: Path) -> bool:
    """Give a sealed file its final name if nobody holds it; return whether it was free.

    Either way the holder of the name is durable afterwards: the one who made it may have died
    between naming it and syncing the folder.
    """
    path.parent.mkdir(exist_ok=True)
    try:
        os.link(sealed, path)
    except FileExistsError:
        created = False
    else:
        created = True
    sync_folder(path.parent)
    sync_folder(path.parent.parent)
    return created


def examine(path: Path) -> Staged | None:
    """Return what a key's file says, or None if there is none."""
    try:
        with path.open("rb") as file:
            return _state(file)
    except FileNotFoundError:
        return None


def open_held(path: Path) -> BufferedReader | None:
    """Open a key's bytes for reading; None if they are absent or released."""
    try:
        file = path.open("rb")
    except FileNotFoundError:
        return None
    if _is_held(os.fstat(file.fileno())):
        return file
    file.close()
    return None


def bury(path: Path, incoming: Path) -> None:
    """Replace a key's bytes by the line that names their digest.

    On a full disk they leave without it, since nothing else would make room: the row in the table
    has the digest, too.
    """
    with _locked(path) as file:
        state = _state(file) if file else None
        if state is None or state.released:
            return
        try:
            _replace(path, f"released {state.sha256} {state.size}\n".encode(), incoming)
        except OSError as error:
            if error.errno not in _NO_ROOM:
                raise
            path.unlink()
        sync_folder(path.parent)


def _replace(path: Path, content: bytes, incoming: Path) -> None:
    make_folder(incoming)
    spool = Spool(incoming)
    try:
        spool.write([content])
        spool.seal(durable=True)
        spool.path.replace(path)
    finally:
        spool.discard()


def remove(path: Path) -> None:
    """Remove a key's file in whatever state it is."""
    with _locked(path) as file:
        if file is not None:
            path.unlink(missing_ok=True)
            sync_folder(path.parent)


def held_names(folder: Path) -> list[str]:
    """Return the names of the files in a folder that are bytes, sorted."""
    try:
        with os.scandir(folder) as entries:
            return sorted(e.name for e in entries if e.is_file() and _is_held(e.stat()))
    except FileNotFoundError:
        return []


def held_since(folder: Path) -> list[tuple[str, float]]:
    """Return the names of the files in a folder that are bytes, sorted, with their Unix times."""
    found: list[tuple[str, float]] = []
    for name in held_names(folder):
        with contextlib.suppress(FileNotFoundError):  # released or discarded in this moment
            found.append((name, (folder / name).stat().st_mtime))
    return found


def folder_names(root: Path) -> list[str]:
    """Return the names of the folders of a root, in the order of the keys below them."""
    try:
        with os.scandir(root) as entries:
            return sorted((e.name for e in entries if e.is_dir()), key=lambda name: f"{name}/")
    except FileNotFoundError:
        return []


def sweep(incoming: Path, *, older_than_s: float) -> None:
    """Remove temporary files whose writers have died: nobody has written to them for long."""
    horizon = time.time() - older_than_s
    for path in incoming.glob(f"*{SUFFIX}"):
        with contextlib.suppress(FileNotFoundError):
            if path.stat().st_mtime < horizon:
                path.unlink()


@contextlib.contextmanager
def _locked(path: Path) -> Iterator[BufferedRandom | None]:
    """Hold a key's file against a rival `bury` or `remove`, in this process or another.

    Without it a release could read one file and replace the next one, which somebody else has
    staged after a discard in between. Opened for writing, which network file systems want of
    whoever takes an exclusive lock.
    """
    while True:
        try:
            file = path.open("r+b")
        except FileNotFoundError:
            yield None
            return
        with file:
            fcntl.flock(file, fcntl.LOCK_EX)
            if _is_still(path, file):
                yield file
                return


def _is_still(path: Path, file: BufferedRandom) -> bool:
    try:
        return os.path.samestat(path.stat(), os.fstat(file.fileno()))
    except FileNotFoundError:
        return False


def _is_held(stat: os.stat_result) -> bool:
    return stat.st_size >= MIN_CHUNK_BYTES


def _state(file: BufferedReader | BufferedRandom) -> Staged:
    size = os.fstat(file.fileno()).st_size
    if size >= MIN_CHUNK_BYTES:
        return Staged(size, hashlib.file_digest(file, "sha256").hexdigest())
    found = _TOMBSTONE.fullmatch(file.read())
    if not found:
        raise StagedBytesCorrupt(f"{file.name} is neither a chunk nor a record of one")
    return Staged(int(found[2]), found[1].decode(), released=True)
