"""What encoded audio really is: its length is counted, not believed."""

from __future__ import annotations

import io
from dataclasses import dataclass

from vibesflow.errors import InvalidAudio
from vibesflow.media.container import Readable
from vibesflow.media.decoder import Decoder
from vibesflow.media.encoder import CONTENT_TYPE, SAMPLE_RATE

_MAX_SAMPLES = 2 * 3_600 * SAMPLE_RATE
_MAX_PACKETS = 500_000

_CONTENT_TYPES = {
    "matroska,webm": CONTENT_TYPE,
    "mov,mp4,m4a,3gp,3g2,mj2": "audio/mp4",
    "mp3": "audio/mpeg",
}
"""Media types that are not ``audio/`` and FFmpeg's name of the container."""


@dataclass(frozen=True, slots=True)
class AudioFacts:
    """What a file or chunk of audio turned out to be.

    Attributes:
        duration_ms: length of the audio that decodes.
        container: FFmpeg's name of the file format, ``matroska,webm`` for instance.
        codec: FFmpeg's name, ``opus`` for instance.
        channels: 1 for mono, 2 for stereo, or more.
        exact: False when only the first two hours were counted and the rest is the container's
            own word.
    """

    duration_ms: int
    container: str
    codec: str
    channels: int
    exact: bool = True

    @property
    def content_type(self) -> str:
        """The media type to announce the audio with."""
        first = self.container.partition(",")[0]
        return _CONTENT_TYPES.get(self.container, f"audio/{first}")


class _Budget:
    """Ends decoding when bytes from a stranger ask for too much of it."""

    def __init__(self) -> None:
        self.samples = 0
        self.packets = 0

    def is_spent(self) -> bool:
        self.packets += 1
        return self.samples > _MAX_SAMPLES or self.packets > _MAX_PACKETS


def probe_audio(source: bytes | Readable) -> AudioFacts | None:
    """Decode the audio and measure it; None when there is no audio that decodes.

    Browsers write WebM without a duration, and headers can be wrong, hence the counting. The work
    is bounded at two hours of audio. It blocks: on an event loop, call it on a thread.

    Raises:
        InputUnreadable: reading a file failed; never for bytes.
    """
    budget = _Budget()
    try:
        with Decoder(_reader(source), stopped=budget.is_spent) as decoder:
            for frame in decoder.frames():
                budget.samples += frame.samples
            return _facts(decoder, budget)
    except InvalidAudio:
        return None


def _reader(source: bytes | Readable) -> Readable:
    return io.BytesIO(source) if isinstance(source, bytes) else source


def _facts(decoder: Decoder, budget: _Budget) -> AudioFacts | None:
    if not budget.samples:
        return None
    counted_ms = max(round(budget.samples * 1_000 / SAMPLE_RATE), 1)
    if not budget.is_spent():
        return _facts_of(decoder, counted_ms, exact=True)
    return _facts_of(decoder, max(counted_ms, decoder.declared_ms or 0), exact=False)


def _facts_of(decoder: Decoder, duration_ms: int, *, exact: bool) -> AudioFacts:
    return AudioFacts(
        duration_ms=duration_ms,
        container=decoder.container,
        codec=decoder.codec,
        channels=decoder.source_channels,
        exact=exact,
    )
