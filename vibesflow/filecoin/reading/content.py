"""Checked bytes, open for reading."""

from __future__ import annotations

import os
from collections.abc import AsyncGenerator
from io import BufferedReader
from typing import Final

from vibesflow.errors import ReadCacheDown
from vibesflow.filecoin.reading.fetching import CacheThreads

BLOCK_BYTES: Final = 256 * 1024


class Content:
    """The bytes of one CID. They stay readable when the cache drops them.

    Args:
        file: the bytes, checked.
        threads: where it is read.

    Attributes:
        size: length in bytes.
    """

    def __init__(self, file: BufferedReader, threads: CacheThreads) -> None:
        self._file = file
        self._threads = threads
        self.size = os.fstat(file.fileno()).st_size

    async def read(self, start: int, length: int) -> bytes:
        """Return ``length`` bytes from ``start`` on, fewer only at the end."""
        return await self._threads.run(self._read, start, length)

    async def blocks(self, start: int, end: int) -> AsyncGenerator[bytes, None]:
        """Yield the bytes from ``start`` up to and without ``end``.

        Raises:
            ReadCacheDown: the file ended before.
        """
        while start < end:
            block = await self.read(start, min(BLOCK_BYTES, end - start))
            if not block:
                raise ReadCacheDown("a file of the read cache was cut off while it was served")
            start += len(block)
            yield block

    async def close(self) -> None:
        """Let the file go."""
        await self._threads.run(self._file.close)

    def _read(self, start: int, length: int) -> bytes:
        self._file.seek(start)
        return self._file.read(length)
