"""Staging in a folder: for one machine, or several that mount the same file system."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from pathlib import Path

from vibesflow.errors import StagedBytesMissing
from vibesflow.staging import disk
from vibesflow.staging.keys import is_folder, is_key, split_key
from vibesflow.staging.port import Staged, StagedEntry, StagedPage
from vibesflow.staging.spool import Spool, check_same, fill, on_thread

BLOCK_BYTES = 256 * 1024
ABANDONED_S = 3_600.0
"""A temporary file nobody has written to for so long belongs to a process that died."""


class FileStaging:
    """Chunk bytes as files: ``{root}/{rta_id}/{name}``, and nothing else under these names.

    Incoming bytes are collected in ``{root}/.incoming``, on the same file system, so that a final
    name appears whole or not at all. The root is made when the first chunk comes.
    """

    def __init__(self, root: Path) -> None:
        self._root = root
        self._incoming = root / ".incoming"
        self._swept_at_s: float | None = None

    async def stage(self, key: str, source: AsyncIterator[bytes], *, max_bytes: int) -> Staged:
        """Write the bytes durably; see `vibesflow.staging.port.Staging`."""
        path = self._path(key)
        spool = await on_thread(self._begin)
        try:
            await fill(spool, source, max_bytes=max_bytes)
            return await on_thread(self._settle, key, path, spool)
        finally:
            await on_thread(spool.discard)

    async def stat(self, key: str) -> Staged | None:
        """Return what is known of the key; reads the bytes to name their digest."""
        return await on_thread(disk.examine, self._path(key))

    async def read(self, key: str) -> AsyncIterator[bytes]:
        """Yield the bytes in blocks; see `vibesflow.staging.port.Staging`."""
        file = await on_thread(disk.open_held, self._path(key))
        if file is None:
            raise StagedBytesMissing(f"staging holds no bytes under {key}")
        with file:
            while block := await on_thread(file.read, BLOCK_BYTES):
                yield block

    async def release(self, key: str) -> None:
        """Delete the bytes, keep their digest."""
        await on_thread(disk.bury, self._path(key), self._incoming)

    async def discard(self, key: str) -> None:
        """Forget the key."""
        await on_thread(disk.remove, self._path(key))

    async def keys(self, rta_id: str | None = None) -> AsyncIterator[str]:
        """Yield the keys whose bytes are held, in order."""
        if rta_id is None:
            folders = await on_thread(disk.folder_names, self._root)
        else:
            folders = [rta_id]
        for folder in filter(is_folder, folders):
            for name in await on_thread(disk.held_names, self._root / folder):
                if is_key(f"{folder}/{name}"):
                    yield f"{folder}/{name}"

    async def page(
        self, *, after: str | None = None, rta_id: str | None = None, limit: int
    ) -> StagedPage:
        """Return some of the keys; looks into one stream's folder at a time."""
        folders = [rta_id] if rta_id else await on_thread(disk.folder_names, self._root)
        first = (after or "").partition("/")[0]
        found: list[StagedEntry] = []
        for folder in (f for f in folders if is_folder(f) and f"{f}/" >= f"{first}/"):
            for name, staged_at_s in await on_thread(disk.held_since, self._root / folder):
                key = f"{folder}/{name}"
                if is_key(key) and key > (after or ""):
                    if len(found) == limit:
                        return StagedPage(tuple(found), found[-1].key)
                    found.append(StagedEntry(key, staged_at_s))
        return StagedPage(tuple(found), None)

    async def check(self) -> None:
        """Write, sync and remove a file; raise `StagingDown` if that fails."""

        def probe() -> None:
            spool = self._begin()
            try:
                spool.write([b"check"])
                spool.seal(durable=True)
            finally:
                spool.discard()

        await on_thread(probe)

    def _path(self, key: str) -> Path:
        folder, name = split_key(key)
        return self._root / folder / name

    def _begin(self) -> Spool:
        disk.make_folder(self._incoming)
        now_s = time.monotonic()
        if self._swept_at_s is None or now_s - self._swept_at_s > ABANDONED_S:
            self._swept_at_s = now_s
            disk.sweep(self._incoming, older_than_s=ABANDONED_S)
        return Spool(self._incoming)

    def _settle(self, key: str, path: Path, spool: Spool) -> Staged:
        spool.seal(durable=True)
        while True:
            if disk.publish(spool.path, path):
                return Staged(spool.size, spool.sha256, created=True)
            known = disk.examine(path)
            if known is not None:
                return check_same(key, known, spool)
