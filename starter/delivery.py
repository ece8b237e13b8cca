"""Delivering one chunk for sure: the same chunk id at every try, until it is acknowledged."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Callable

from starter.clock import Clock
from vibesflow.errors import ChunkTooLarge, DependencyDown
from vibesflow.ingest import ChunkOffer, Receipt, Receiver

ChunkData = bytes | AsyncIterator[bytes] | Callable[[], AsyncIterator[bytes]]
"""Audio to send: bytes, an iterator (read into memory once, so that it can be sent again), or a
function that opens a new iterator for every try."""

FIRST_PAUSE_S = 0.25
LONGEST_PAUSE_S = 5.0

_BLOCK_BYTES = 256 * 1024
_log = logging.getLogger(__name__)


class Delivery:
    """Sends chunks through a receiver and tries again while a dependency is down."""

    def __init__(self, receiver: Receiver, clock: Clock, *, patience_s: float) -> None:
        self._receiver = receiver
        self._clock = clock
        self._patience_s = patience_s

    async def deliver(self, offer: ChunkOffer, data: ChunkData) -> Receipt:
        """Return the acknowledgement of the chunk.

        Staging and the stream know the chunk by its id, so a try whose answer was lost and the
        next one are one chunk.

        Raises:
            DependencyDown: still down after the patience ran out; nothing was acknowledged.
            InvalidInput: the chunk is refused for good.
            ChunkConflict: the id is known with other bytes.
        """
        open_source = await self._repeatable(data)
        deadline_s = self._clock.elapsed_s() + self._patience_s
        pause_s = FIRST_PAUSE_S
        while True:
            try:
                return await self._receiver.receive(offer, open_source())
            except DependencyDown as error:
                wait_s = error.retry_after_s or pause_s
                if self._clock.elapsed_s() + wait_s > deadline_s:
                    raise
                _log.warning("%s is sent again in %.2g s: %s", offer.chunk_id, wait_s, error)
            await self._clock.sleep(wait_s)
            pause_s = min(2 * pause_s, LONGEST_PAUSE_S)

    async def _repeatable(self, data: ChunkData) -> Callable[[], AsyncIterator[bytes]]:
        if isinstance(data, bytes):
            return lambda: _blocks(data)
        if callable(data):
            return data
        held = await self._read(data)
        return lambda: _blocks(held)

    async def _read(self, source: AsyncIterator[bytes]) -> bytes:
        held = bytearray()
        async for block in source:
            held += block
            if len(held) > self._receiver.max_bytes:
                raise ChunkTooLarge(f"more than {self._receiver.max_bytes} bytes")
        return bytes(held)


async def _blocks(data: bytes) -> AsyncIterator[bytes]:
    for start in range(0, len(data), _BLOCK_BYTES):
        yield data[start : start + _BLOCK_BYTES]
