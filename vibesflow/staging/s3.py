"""Staging in an S3 bucket: for any number of machines."""

from __future__ import annotations

import asyncio
import random
import uuid
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import TYPE_CHECKING

from vibesflow.aws import AWS_FAILURES, open_client
from vibesflow.errors import StagedBytesMissing, StagingDown
from vibesflow.staging.bucket import Bucket, staging_down
from vibesflow.staging.keys import is_folder, is_key, split_key
from vibesflow.staging.port import Staged, StagedPage
from vibesflow.staging.spool import Spool, check_same, fill, on_thread

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

BLOCK_BYTES = 256 * 1024
_TRIES = 5
_READ_TIMEOUT_S = 30.0


class S3Staging:
    """Chunk bytes as objects ``{prefix}/{rta_id}/{name}``, written with ``If-None-Match: *``.

    A released key stays as an empty object that carries the digest in its metadata, so the same
    conditional PUT refuses it. In a versioned bucket a lifecycle rule has to expire the old
    versions, or released bytes go on being paid for.
    """

    def __init__(self, client: S3Client, bucket: str, prefix: str = "") -> None:
        self._bucket = Bucket(client, bucket, prefix)

    @classmethod
    def open(cls, *, bucket: str, prefix: str, endpoint: str | None, region: str) -> S3Staging:
        """Return the staging in a bucket, which must exist."""
        client = open_client("s3", endpoint=endpoint, region=region, read_timeout_s=_READ_TIMEOUT_S)
        return cls(client, bucket, prefix)

    async def stage(self, key: str, source: AsyncIterator[bytes], *, max_bytes: int) -> Staged:
        """Write the bytes durably; see `vibesflow.staging.port.Staging`."""
        split_key(key)
        spool = await on_thread(Spool)
        try:
            await fill(spool, source, max_bytes=max_bytes)
            await on_thread(spool.seal, durable=False)
            return await self._put(key, spool)
        finally:
            await on_thread(spool.discard)

    async def stat(self, key: str) -> Staged | None:
        """Return what is known of the key."""
        split_key(key)
        entry = await on_thread(self._bucket.head, key)
        return entry.staged if entry else None

    async def read(self, key: str) -> AsyncIterator[bytes]:
        """Yield the bytes in blocks; see `vibesflow.staging.port.Staging`."""
        split_key(key)
        body = await on_thread(self._bucket.open_held, key)
        if body is None:
            raise StagedBytesMissing(f"staging holds no bytes under {key}")
        try:
            while block := await on_thread(body.read, BLOCK_BYTES):
                yield block
        except AWS_FAILURES as error:
            raise staging_down(error) from error
        finally:
            body.close()

    async def release(self, key: str) -> None:
        """Delete the bytes, keep their digest."""
        split_key(key)
        for _ in range(_TRIES):
            entry = await on_thread(self._bucket.head, key)
            if entry is None or entry.staged.released:
                return
            if await on_thread(self._bucket.bury, key, entry):
                return
            await _pause()
        raise StagingDown(f"the object of {key} changes faster than it can be released")

    async def discard(self, key: str) -> None:
        """Forget the key."""
        split_key(key)
        await on_thread(self._bucket.delete, key)

    async def keys(self, rta_id: str | None = None) -> AsyncIterator[str]:
        """Yield the keys whose bytes are held, in order."""
        if rta_id is not None and not is_folder(rta_id):
            return
        token: str | None = None
        while True:
            page = await on_thread(self._bucket.list_held, rta_id, token)
            for key in filter(is_key, page.keys):
                yield key
            token = page.next_token
            if token is None:
                return

    async def page(
        self, *, after: str | None = None, rta_id: str | None = None, limit: int
    ) -> StagedPage:
        """Return some of the keys by one request; released keys make a page shorter."""
        if rta_id is not None and not is_folder(rta_id):
            return StagedPage((), None)
        return await on_thread(self._bucket.list_behind, rta_id, after, limit)

    async def create_bucket(self) -> None:
        """Create the bucket unless it is there; for set-up, no part of the port."""
        await on_thread(self._bucket.create)

    async def check(self) -> None:
        """Write an empty object beside the keys; raise `StagingDown` if that fails."""
        await on_thread(self._bucket.probe)

    async def _put(self, key: str, spool: Spool) -> Staged:
        writer = uuid.uuid4().hex
        for _ in range(_TRIES):
            if await on_thread(self._bucket.put_new, key, spool, writer):
                return Staged(spool.size, spool.sha256, created=True)
            entry = await on_thread(self._bucket.head, key)
            if entry is not None:
                known = check_same(key, entry.staged, spool)
                return replace(known, created=entry.writer == writer)
            await _pause()
        raise StagingDown(f"rival writers of {key} leave no turn; try again")


async def _pause() -> None:
    await asyncio.sleep(random.uniform(0.02, 0.2))  # noqa: S311 - jitter, not a secret
