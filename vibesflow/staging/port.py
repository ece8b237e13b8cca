"""Staging: the durable place where chunk bytes wait until they are confirmed on Filecoin."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Staged:
    """What staging knows of a key.

    Attributes:
        size: bytes.
        sha256: lower-case hex digest.
        created: this call brought the bytes; False when they, or their digest, were there.
        released: the bytes were deleted after confirmation; only the digest is kept.
    """

    size: int
    sha256: str
    created: bool = False
    released: bool = False


@dataclass(frozen=True, slots=True)
class StagedEntry:
    """A key whose bytes are held.

    Attributes:
        staged_at_s: Unix seconds at which the bytes were made durable.
    """

    key: str
    staged_at_s: float


@dataclass(frozen=True, slots=True)
class StagedPage:
    """Some of the keys whose bytes are held, in order.

    Attributes:
        after: where the next page begins; None when there are no more keys. A page may be empty
            and yet not be the last one.
    """

    entries: tuple[StagedEntry, ...]
    after: str | None


class Staging(Protocol):
    """Durable, write-once storage of chunk bytes (design rules 1, 2 and 8).

    A key is two safe path parts (`vibesflow.stream.ids.ChunkId.staging_key`). All calls raise
    `StagingDown` when the disk or bucket does not answer.
    """

    async def stage(self, key: str, source: AsyncIterator[bytes], *, max_bytes: int) -> Staged:
        """Write the bytes durably under a key that nobody holds, in one step that wins or loses.

        Returns when the bytes survive a power cut. The same bytes again are no error.

        Raises:
            ChunkConflict: the key is held with other bytes.
            ChunkTooSmall: fewer than 127 bytes came.
            ChunkTooLarge: more than ``max_bytes`` came; reading stops there.
        """
        ...

    async def stat(self, key: str) -> Staged | None:
        """Return what is known of the key, or None."""
        ...

    def read(self, key: str) -> AsyncIterator[bytes]:
        """Yield the bytes in blocks of at most 256 KiB.

        Raises:
            StagedBytesMissing: the key was never staged, or its bytes were released.
        """
        ...

    async def release(self, key: str) -> None:
        """Delete the bytes and keep their digest, so that a late copy is still recognised.

        Releasing twice, or a key that is not there, is no error.
        """
        ...

    async def discard(self, key: str) -> None:
        """Forget the key, bytes and digest."""
        ...

    def keys(self, rta_id: str | None = None) -> AsyncIterator[str]:
        """Yield the keys whose bytes are held (not the released ones), in order."""
        ...

    async def page(
        self, *, after: str | None = None, rta_id: str | None = None, limit: int
    ) -> StagedPage:
        """Return at most so many of the keys that `keys` yields, beginning behind a key.

        One call does a bounded amount of work, however many keys there are.
        """
        ...

    async def check(self) -> None:
        """Return if staging can be written; raise `StagingDown` if not."""
        ...
