"""Bytes on their way to disk: written, synced and hashed while they arrive."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator
from pathlib import Path

from vibesflow.filecoin import PieceCid, PieceHasher

_BLOCK_BYTES = 256 * 1024


class PayloadTooLarge(Exception):
    """More bytes came than were allowed."""


async def spool(source: AsyncIterator[bytes], path: Path, *, max_bytes: int) -> PieceCid:
    """Write a payload to a new file and name it; the file is on disk when this returns.

    Blocks are hashed and written on a thread, so that other requests go on. No file is left
    behind when it raises.

    Raises:
        PayloadTooLarge: the source gives more than ``max_bytes``.
    """
    writer = _Writer(path)
    try:
        await _copy(source, writer, max_bytes)
        return await asyncio.to_thread(writer.finish)
    except BaseException:
        writer.discard()
        raise


async def _copy(source: AsyncIterator[bytes], writer: _Writer, max_bytes: int) -> None:
    block = bytearray()
    received = 0
    async for portion in source:
        received += len(portion)
        if received > max_bytes:
            raise PayloadTooLarge
        block += portion
        if len(block) >= _BLOCK_BYTES:
            await asyncio.to_thread(writer.take, bytes(block))
            block.clear()
    await asyncio.to_thread(writer.take, bytes(block))


class _Writer:
    def __init__(self, path: Path) -> None:
        self._path = path
        self._file = path.open("xb")
        self._hasher = PieceHasher()

    def take(self, block: bytes) -> None:
        self._file.write(block)
        self._hasher.update(block)

    def finish(self) -> PieceCid:
        self._file.flush()
        os.fsync(self._file.fileno())
        self._file.close()
        return self._hasher.piece_cid()

    def discard(self) -> None:
        self._file.close()
        self._path.unlink(missing_ok=True)


def move(source: Path, target: Path) -> None:
    """Rename a synced file so that its new name survives a power cut too."""
    target.parent.mkdir(parents=True, exist_ok=True)
    source.replace(target)
    for folder in {target.parent, target.parent.parent}:
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
