"""A chunk's second home: pinned to IPFS while Filecoin is unavailable, and let go afterwards."""

from __future__ import annotations

from temporalio import activity

from activities import metrics
from activities.checked import checked_bytes
from activities.heart import Heart
from activities.messages import PinChunk, UnpinChunks
from vibesflow.errors import PinningRefused
from vibesflow.pinning.port import Pinning
from vibesflow.staging.port import Staging
from vibesflow.stream.pins import Pin


class PinningActivities:
    """The workflow's hand on the pinning service; there may be none."""

    def __init__(self, staging: Staging, pinning: Pinning | None) -> None:
        self._staging = staging
        self._pinning = pinning

    @activity.defn(name="pin_chunk")
    async def pin_chunk(self, request: PinChunk) -> Pin:
        """Pin the staged bytes, which are checked against the acknowledged digest on the way."""
        chunk = request.chunk
        async with Heart():
            pin = await self._service().pin(
                chunk.chunk_id,
                lambda: checked_bytes(self._staging, chunk),
                size_bytes=chunk.size,
                content_type=chunk.content_type,
            )
        metrics.note_pinned(size_bytes=chunk.size, is_verified=pin.is_verified)
        return pin

    @activity.defn(name="unpin_chunks")
    async def unpin_chunks(self, request: UnpinChunks) -> None:
        """Let pins go; repeating it is no error."""
        for pin in request.pins:
            await self._service().unpin(pin)
        metrics.note_unpinned(pins=len(request.pins))

    def _service(self) -> Pinning:
        if self._pinning is None:
            raise PinningRefused("this worker has no VIBESFLOW_PINNING_TOKEN")
        return self._pinning
