"""Incoming bytes on their way into staging: counted and hashed while they are written."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import os
import tempfile
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import ParamSpec, TypeVar

from vibesflow.errors import ChunkConflict, ChunkTooLarge, ChunkTooSmall, StagingDown
from vibesflow.staging.port import Staged
from vibesflow.stream.chunk import MIN_CHUNK_BYTES

SUFFIX = ".part"
_FLUSH_BYTES = 1 << 20

P = ParamSpec("P")
T = TypeVar("T")


class Spool:
    """A temporary file that knows the size and digest of what was written to it.

    Its methods block. The file object is buffered on purpose: its lock keeps a close from pulling
    the descriptor away under a write that a cancelled caller left behind on its thread.
    """

    def __init__(self, folder: Path | None = None) -> None:
        """Create the file, in the system's place for temporary files if no folder is given."""
        descriptor, name = tempfile.mkstemp(suffix=SUFFIX, dir=folder)
        self.path = Path(name)
        self.size = 0
        self._hash = hashlib.sha256()
        self._file = os.fdopen(descriptor, "wb")

    @property
    def sha256(self) -> str:
        """Lower-case hex digest of the bytes written so far."""
        return self._hash.hexdigest()

    def write(self, blocks: list[bytes]) -> None:
        """Append blocks."""
        for block in blocks:
            self._file.write(block)
            self._hash.update(block)
            self.size += len(block)

    def seal(self, *, durable: bool) -> None:
        """Finish writing; durable means that the bytes survive a power cut from here on."""
        self._file.flush()
        if durable:
            os.fsync(self._file.fileno())
        self._file.close()

    def discard(self) -> None:
        """Remove the file, whatever state it is in."""
        with contextlib.suppress(OSError):  # it writes what is left, and the disk may be full
            self._file.close()
        self.path.unlink(missing_ok=True)


async def on_thread(function: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> T:
    """Call a blocking function on a thread.

    Raises:
        StagingDown: the disk refused (`OSError`); the message says what and where.
    """
    try:
        return await asyncio.to_thread(function, *args, **kwargs)
    except OSError as error:
        raise StagingDown(f"staging cannot use its disk: {error}") from error


async def fill(spool: Spool, source: AsyncIterator[bytes], *, max_bytes: int) -> None:
    """Write a source to a spool, on threads, reading no further than the limit.

    What the source itself raises comes through unchanged.

    Raises:
        ChunkTooSmall: fewer than 127 bytes came.
        ChunkTooLarge: more than ``max_bytes`` came.
    """
    waiting: list[bytes] = []
    waiting_bytes = 0
    total = 0
    async for block in source:
        waiting.append(bytes(block))
        waiting_bytes += len(block)
        total += len(block)
        if total > max_bytes:
            raise ChunkTooLarge(f"more than {max_bytes} bytes")
        if waiting_bytes >= _FLUSH_BYTES:
            await on_thread(spool.write, waiting)
            waiting, waiting_bytes = [], 0
    if total < MIN_CHUNK_BYTES:
        raise ChunkTooSmall(f"{total} bytes; a piece has at least {MIN_CHUNK_BYTES}")
    await on_thread(spool.write, waiting)


def check_same(key: str, known: Staged, spool: Spool) -> Staged:
    """Return what is known of a key if the spooled bytes are the same.

    Raises:
        ChunkConflict: they are others.
    """
    if (known.size, known.sha256) != (spool.size, spool.sha256):
        raise ChunkConflict(f"staging holds other bytes under {key}")
    return known
