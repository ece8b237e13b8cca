"""The port to a pinning service."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from typing import Protocol

from vibesflow.stream.pins import Pin

OpenSource = Callable[[], AsyncIterator[bytes]]
"""Opens the bytes at their beginning."""


class Pinning(Protocol):
    """Keeps files on IPFS for us; see `vibesflow.pinning.PinataClient`."""

    async def pin(
        self, name: str, open_source: OpenSource, *, size_bytes: int, content_type: str
    ) -> Pin:
        """Upload a file and return where it is; the same bytes again are no error.

        Raises:
            PinningDown: the service does not answer, or is busy.
            PinningRefused: it does not let us in, or takes no such file.
            PinningLied: it names a CID that is not that of the bytes.
        """
        ...

    async def unpin(self, pin: Pin) -> None:
        """Let a file go; one that is gone already is no error.

        Raises:
            PinningDown: the service does not answer, or is busy.
            PinningRefused: it does not let us.
        """
        ...
