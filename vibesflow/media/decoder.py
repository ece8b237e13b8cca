"""Decoding any audio into even 48 kHz frames, for as long as the input lasts."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import Self

import av
from av import AudioFrame, Packet
from av.audio.stream import AudioStream

from vibesflow.errors import InputUnreadable, InvalidAudio
from vibesflow.media.container import Readable, open_audio
from vibesflow.media.encoder import TIME_BASE, layout_of
from vibesflow.media.evener import Evener

__all__ = ["Decoder", "Readable"]


def never() -> bool:
    """Say no: an input that lasts as long as it lasts."""
    return False


class Decoder:
    """An opened audio input; use it as a context manager and iterate over `frames` once.

    Attributes:
        name: what the input is called in messages.
        container: FFmpeg's name of the file format.
        codec: FFmpeg's name of the codec.
        source_channels: of the input.
        channels: of the decoded frames, 1 or 2.
        declared_ms: what the container says of its length; None for pipes and bare streams.
        damaged_packets: packets that could not be decoded and were passed over.
    """

    def __init__(
        self, source: Readable, *, name: str = "input", stopped: Callable[[], bool] = never
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
        self.container = self._container.format.name
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
        evener = Evener(layout_of(self.channels))
        for frame in self._decoded():
            try:
                yield from evener.take(frame)
            except InvalidAudio:
                self.damaged_packets += 1
        yield from evener.drain()

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
            except (
                av.FFmpegError,
                IndexError,
            ):  # PyAV trips over tables that contradict each other
                self.damaged_packets += 1
                return
            if packet is None:
                return
            yield packet


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
