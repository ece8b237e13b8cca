"""What encoded audio really is: its length is counted, not believed."""

from __future__ import annotations

import io
from dataclasses import dataclass

from vibesflow.errors import InvalidAudio
from vibesflow.media.container import Readable
from vibesflow.media.decoder import Decoder
from vibesflow.media.encoder import SAMPLE_RATE

_MAX_SAMPLES = 2 * 3_600 * SAMPLE_RATE
_MAX_PACKETS = 500_000


@dataclass(frozen=True, slots=True)
class AudioFacts:
    """What a file or chunk of audio turned out to be.

    Attributes:
        duration_ms: length of the audio that decodes.
        codec: FFmpeg's name, ``opus`` for instance.
        channels: 1 for mono, 2 for stereo, or more.
        exact: False when only the first two hours were counted and the rest is the container's
            own word.
    """

    duration_ms: int
    codec: str
    channels: int
    exact: bool = True


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
        return AudioFacts(counted_ms, decoder.codec, decoder.source_channels)
    declared_ms = max(counted_ms, decoder.declared_ms or 0)
    return AudioFacts(declared_ms, decoder.codec, decoder.source_channels, exact=False)
