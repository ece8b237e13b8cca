"""Recording while streaming: audio is decoded and cut on a thread while chunks are sent."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from threading import Event

from vibesflow.media import AudioChunk, Decoder, LivePipe, Readable, cut_audio
from vibesflow.media.decoder import never


class Recording:
    """An opened audio input that yields its chunks once.

    Attributes:
        declared_ms: length of the input as it says itself; None for a pipe.
    """

    def __init__(self, decoder: Decoder, *, chunk_s: float, bit_rate: int) -> None:
        self._decoder = decoder
        self._cut = cut_audio(decoder, chunk_s=chunk_s, bit_rate=bit_rate)
        self._upcoming: asyncio.Future[AudioChunk | None] | None = None
        self.declared_ms = decoder.declared_ms

    @property
    def damaged_packets(self) -> int:
        """Packets so far that could not be decoded and were passed over."""
        return self._decoder.damaged_packets

    async def chunks(self) -> AsyncIterator[AudioChunk]:
        """Yield the chunks; the next one is being cut while the caller works on this one.

        Raises:
            InvalidAudio: nothing in the input decodes.
            InputUnreadable: reading failed on the way.
        """
        chunk = await self._next()
        while chunk is not None:
            self._upcoming = self._start()
            yield chunk
            chunk = await self._next()

    def _start(self) -> asyncio.Future[AudioChunk | None]:
        return asyncio.ensure_future(asyncio.to_thread(next, self._cut, None))

    async def _next(self) -> AudioChunk | None:
        self._upcoming = self._upcoming or self._start()
        # Cancelling the caller must not let go of the thread: the decoder is closed after it.
        chunk = await asyncio.shield(self._upcoming)
        self._upcoming = None
        return chunk

    async def settle(self) -> None:
        """Wait for the thread, whatever it comes to."""
        if self._upcoming is not None:
            await asyncio.wait([self._upcoming])
            if not self._upcoming.cancelled():
                self._upcoming.exception()


@asynccontextmanager
async def open_recording(
    source: Readable, *, name: str, chunk_s: float, bit_rate: int, stop: Event
) -> AsyncIterator[Recording]:
    """Open an audio input for recording.

    Args:
        source: file or pipe; closing it stays the caller's affair.
        name: what to call it in messages.
        chunk_s: length of a chunk in seconds.
        bit_rate: of the encoded audio, in bits a second.
        stop: set it to end the recording where it is, with a last chunk; it is set at the end. A
            `LivePipe` has to watch the same event.

    Raises:
        InvalidAudio: the input has no audio that we can decode.
        InputUnreadable: reading failed.
    """
    with await _open_decoder(source, name, stop) as decoder:
        recording = Recording(decoder, chunk_s=chunk_s, bit_rate=bit_rate)
        try:
            yield recording
        finally:
            stop.set()
            await recording.settle()


async def _open_decoder(source: Readable, name: str, stop: Event) -> Decoder:
    # A pipe is told to end itself, after what it still holds; the decoder goes on until then.
    stopped = never if isinstance(source, LivePipe) else stop.is_set
    opening = asyncio.ensure_future(asyncio.to_thread(Decoder, source, name=name, stopped=stopped))
    try:
        return await asyncio.shield(opening)
    except asyncio.CancelledError:
        stop.set()
        await asyncio.wait([opening])
        raise
