"""Bringing decoded frames of any shape to the one that is encoded."""

from __future__ import annotations

import av
from av import AudioFrame
from av.audio.resampler import AudioResampler

from vibesflow.errors import InvalidAudio
from vibesflow.media.encoder import SAMPLE_FORMAT, SAMPLE_RATE

_RATES_HZ = range(4_000, 768_001)
"""Sample rates that real audio has. A damaged header may claim 1 Hz, which would turn a few
kilobytes into gigabytes."""


class Evener:
    """Brings frames to 48 kHz, 16 bit and one layout, also when theirs changes on the way."""

    def __init__(self, layout: str) -> None:
        self._layout = layout
        self._shape: tuple[str, str, int] | None = None
        self._resampler: AudioResampler | None = None

    def take(self, frame: AudioFrame) -> list[AudioFrame]:
        """Return what is ready after this frame.

        Raises:
            InvalidAudio: the frame's rate or layout makes no sense; it is left out.
        """
        if frame.sample_rate not in _RATES_HZ:
            raise InvalidAudio(f"a sample rate of {frame.sample_rate} Hz")
        shape = (frame.format.name, frame.layout.name, frame.sample_rate)
        before = [] if shape == self._shape else self.drain()
        if self._resampler is None:
            self._resampler = AudioResampler(SAMPLE_FORMAT, self._layout, SAMPLE_RATE)
        try:
            evened = self._resampler.resample(frame)
        except av.FFmpegError as error:
            self._resampler = None
            raise InvalidAudio(f"audio of the shape {shape} cannot be resampled") from error
        self._shape = shape
        return before + evened

    def drain(self) -> list[AudioFrame]:
        """Return what is still held."""
        if self._resampler is None:
            return []
        held: list[AudioFrame | None] = [*self._resampler.resample(None)]
        self._resampler = None
        return [frame for frame in held if frame is not None]  # None: it passed frames through
