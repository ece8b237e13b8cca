"""Bringing a payload to a provider, hashing it on the way."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import aclosing
from typing import Final

from vibesflow.errors import InvalidInput, ProviderFault
from vibesflow.filecoin.piece_cid import MAX_PIECE_BYTES, MIN_PIECE_BYTES, PieceCid
from vibesflow.filecoin.piece_hasher import PieceHasher
from vibesflow.filecoin.provider import Provider

OpenSource = Callable[[], AsyncIterator[bytes]]
"""Opens the payload at its beginning; called once for every try."""

OnProgress = Callable[[int], None]
"""Takes the bytes handed over so far."""

_BLOCK_BYTES: Final = 256 * 1024


async def upload(
    provider: Provider, open_source: OpenSource, *, on_progress: OnProgress | None = None
) -> PieceCid:
    """Store a payload at a provider, in one try and one upload session.

    Memory stays constant. The provider computes the PieceCID as well, and both must agree.

    Returns:
        The piece; the provider publishes it some seconds later.

    Raises:
        InvalidInput: the payload is smaller or larger than providers take.
        ProviderLied: the provider computed another PieceCID.
        ProviderFault: the provider refused, is busy or lost the session.
        ProviderDown: the provider does not answer.
    """
    upload_id = await provider.open_upload()
    payload = _Payload(on_progress)
    async with aclosing(payload.read(open_source())) as content:
        await provider.send_upload(upload_id, content)
    if not payload.ended:
        raise ProviderFault("the provider took the upload for complete before it was")
    piece_cid = payload.hasher.piece_cid()
    await provider.finalize_upload(upload_id, piece_cid)
    return piece_cid


class _Payload:
    def __init__(self, on_progress: OnProgress | None) -> None:
        self.hasher = PieceHasher()
        self.ended = False
        self._on_progress = on_progress

    async def read(self, source: AsyncIterator[bytes]) -> AsyncGenerator[bytes, None]:
        try:
            async for portion in source:
                for at in range(0, len(portion), _BLOCK_BYTES):
                    yield self._take(portion[at : at + _BLOCK_BYTES])
                    self._tell()
                    await asyncio.sleep(0)  # hashing holds the loop; let others run between blocks
        finally:
            if close := getattr(source, "aclose", None):
                await close()
        if self.hasher.size < MIN_PIECE_BYTES:
            raise InvalidInput(
                f"a piece holds at least {MIN_PIECE_BYTES} bytes, not {self.hasher.size}"
            )
        self.ended = True

    def _take(self, block: bytes) -> bytes:
        if self.hasher.size + len(block) > MAX_PIECE_BYTES:
            raise InvalidInput(f"a piece holds at most {MAX_PIECE_BYTES} bytes")
        self.hasher.update(block)
        return block

    def _tell(self) -> None:
        if self._on_progress is not None:
            self._on_progress(self.hasher.size)
