"""Decoding any audio into even 48 kHz frames, for as long as the input lasts."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import Self

import av
from av import AudioFrame, Packet
from av.audio.resampler import AudioResampler
from av.audio.stream import AudioStream

from vibesflow.errors import InputUnreadable
from vibesflow.media.container import Readable, open_audio
from vibesflow.media.encoder import SAMPLE_FORMAT, SAMPLE_RATE, TIME_BASE, layout_of

__all__ = ["Decoder", "Readable"]


def _never() -> bool:
    return False


class Decoder:
    """An opened audio input; use it as a context manager and iterate over `frames` once.

    Attributes:
        name: what the input is called in messages.
        codec: FFmpeg's name of the codec.
        source_channels: of the input.
        channels: of the decoded frames, 1 or 2.
        declared_ms: what the container says of its length; None for pipes and bare streams.
        damaged_packets: packets that could not be decoded and were passed over.
    """

    def __init__(
        self, source: Readable, *, name: str = "input", stopped: Callable[[], bool] = _never
    ) -> None:
        """Open the input.

        Args:
            source: file or pipe; seeking is used if it can.
            name: what to call the input in messages.
            stopped: asked before every packet; True ends the audio as if the input had ended.

        Raises:
            InvalidAudio: the input has no audio that we can decode.
            InputUnreadable: reading failed.
        """
        self.name = name
        self._stopped = stopped
        with _reading(name):
            self._container, self._stream = open_audio(source, name)
        self.codec = self._stream.codec_context.name
        self.source_channels = self._stream.codec_context.channels
        self.channels = min(self.source_channels, 2)
        self.declared_ms = _milliseconds(self._container.duration)
        self.damaged_packets = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._container.close()

    def frames(self) -> Iterator[AudioFrame]:
        """Yield the audio at 48 kHz, 16 bit, mono or stereo, as it is decoded.

        Raises:
            InputUnreadable: reading failed on the way.
        """
        for frame in self._resampled():
            frame.pts = None
            frame.time_base = TIME_BASE
            yield frame

    def _resampled(self) -> Iterator[AudioFrame]:
        resampler = self._resampler()
        shape: tuple[str, str, int] | None = None
        for frame in self._decoded():
            new_shape = (frame.format.name, frame.layout.name, frame.sample_rate)
            if shape not in (None, new_shape):
                yield from _drain(resampler)
                resampler = self._resampler()
            shape = new_shape
            yield from resampler.resample(frame)
        if shape is not None:
            yield from _drain(resampler)

    def _resampler(self) -> AudioResampler:
        layout = layout_of(self.channels)
        return AudioResampler(format=SAMPLE_FORMAT, layout=layout, rate=SAMPLE_RATE)

    def _decoded(self) -> Iterator[AudioFrame]:
        for packet in self._packets():
            try:
                frames = packet.decode()
            except av.FFmpegError:
                self.damaged_packets += 1
                continue
            for frame in frames:
                frame.pts = None
                yield frame

    def _packets(self) -> Iterator[Packet[AudioStream]]:
        packets = self._container.demux(self._stream)
        while not self._stopped():
            try:
                with _reading(self.name):
                    packet = next(packets, None)
            except av.FFmpegError:
                self.damaged_packets += 1
                return
            if packet is None:
                return
            yield packet


def _drain(resampler: AudioResampler) -> list[AudioFrame]:
    """Take what the resampler still holds; one that passes frames through answers with None."""
    return [frame for frame in resampler.resample(None) if frame is not None]


@contextmanager
def _reading(name: str) -> Iterator[None]:
    try:
        yield
    except av.FFmpegError:
        raise
    except OSError as error:
        raise InputUnreadable(f"cannot read {name}: {error.strerror or error}") from error


def _milliseconds(duration_us: int | None) -> int | None:
    return None if duration_us is None else round(duration_us / 1_000)
