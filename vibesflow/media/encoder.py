"""Encoding PCM into one standalone WebM/Opus file, byte for byte the same at every run."""

from __future__ import annotations

import io
from fractions import Fraction
from typing import Final

import av
from av import AudioFrame

SAMPLE_RATE: Final = 48_000
"""Samples a second: Opus's own rate (RFC 7845)."""
SAMPLE_FORMAT: Final = "s16"
FRAME_SAMPLES: Final = 960
"""Samples of one Opus packet: 20 ms."""
CONTENT_TYPE: Final = "audio/webm"

TIME_BASE: Final = Fraction(1, SAMPLE_RATE)


class OpusWriter:
    """Takes 48 kHz 16-bit frames and gives back a WebM file that holds exactly their samples.

    The muxer's bit-exact flag leaves out random ids, dates and library versions: without it a
    repeated recording would be other bytes, hence another piece.
    """

    def __init__(self, *, channels: int, bit_rate: int) -> None:
        self._buffer = io.BytesIO()
        self._container = av.open(self._buffer, "w", format="webm", options={"fflags": "+bitexact"})
        self._stream = self._container.add_stream("libopus", rate=SAMPLE_RATE)
        self._stream.layout = layout_of(channels)
        self._stream.bit_rate = bit_rate
        self.samples = 0
        """Samples written so far, a channel."""

    def write(self, frame: AudioFrame) -> None:
        """Encode a frame; its own timestamp does not matter."""
        frame.pts = self.samples
        frame.time_base = TIME_BASE
        self.samples += frame.samples
        self._container.mux(self._stream.encode(frame))

    def finish(self) -> bytes:
        """Write what is pending and return the whole file; the writer is spent."""
        self._container.mux(self._stream.encode(None))
        self._container.close()
        return self._buffer.getvalue()


def layout_of(channels: int) -> str:
    """Return the channel layout we encode: more than two channels are mixed down."""
    return "mono" if channels == 1 else "stereo"
