"""Cutting audio of any length into standalone WebM/Opus chunks, as it comes in."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from av import AudioFrame
from av.audio.fifo import AudioFifo

from vibesflow.errors import InvalidAudio
from vibesflow.media.decoder import Decoder
from vibesflow.media.encoder import FRAME_SAMPLES, SAMPLE_RATE, OpusWriter

DEFAULT_BIT_RATE = 96_000
"""Bits a second; Opus is transparent for most stereo music from here on."""


@dataclass(frozen=True, slots=True)
class AudioChunk:
    """One cut chunk, a WebM/Opus file that plays by itself.

    Attributes:
        index: position, from 0.
        data: the file.
        offset_ms: where its audio begins in the whole recording.
        duration_ms: length; offsets and lengths of neighbours meet without a gap.
        samples: exact length at 48 kHz. The file decodes to exactly as many, but for a last chunk
            shorter than 13.5 ms, which Opus fills up to that length with silence.
        is_last: the input ended with this chunk.
    """

    index: int
    data: bytes
    offset_ms: int
    duration_ms: int
    samples: int
    is_last: bool


def cut_audio(
    decoder: Decoder, *, chunk_s: float, bit_rate: int = DEFAULT_BIT_RATE
) -> Iterator[AudioChunk]:
    """Yield the chunks of an input, each as soon as one sample beyond it is known.

    That one sample tells whether a chunk is the last, without holding a whole chunk back. Memory
    holds one chunk, so the input may be endless. The same input gives the same bytes.

    Args:
        decoder: the opened input.
        chunk_s: length of a chunk in seconds, cut to the sample; the last may be shorter.
        bit_rate: of the encoded audio, in bits a second.

    Raises:
        InvalidAudio: the input has an audio track, and nothing in it decodes.
        InputUnreadable: reading failed on the way.
    """
    cutter = _Cutter(round(chunk_s * SAMPLE_RATE), decoder.channels, bit_rate)
    for frame in decoder.frames():
        yield from cutter.feed(frame)
    last = cutter.end()
    if last is None:
        raise InvalidAudio(f"no audio in {decoder.name} could be decoded")
    yield last


class _Cutter:
    """Fills one chunk after the other, to the sample."""

    def __init__(self, chunk_samples: int, channels: int, bit_rate: int) -> None:
        self._chunk_samples = max(chunk_samples, 1)
        self._channels = channels
        self._bit_rate = bit_rate
        self._pending = AudioFifo()
        self._index = 0
        self._begun_samples = 0
        self._writer = self._new_writer()

    def feed(self, frame: AudioFrame) -> Iterator[AudioChunk]:
        """Take decoded audio; yield the chunks that it has moved past."""
        self._pending.write(frame)
        while self._pending.samples:
            if not self._room():
                yield self._close(is_last=False)
            if self._pending.samples < min(FRAME_SAMPLES, self._room()):
                return
            self._encode(min(FRAME_SAMPLES, self._room()))

    def end(self) -> AudioChunk | None:
        """Close the last chunk; None if no audio came at all."""
        if self._pending.samples:
            self._encode(self._pending.samples)
        return self._close(is_last=True) if self._writer.samples else None

    def _room(self) -> int:
        return self._chunk_samples - self._writer.samples

    def _encode(self, samples: int) -> None:
        frame = self._pending.read(samples)
        if frame is not None:
            self._writer.write(frame)

    def _close(self, *, is_last: bool) -> AudioChunk:
        samples = self._writer.samples
        begin_ms = _milliseconds(self._begun_samples)
        end_ms = _milliseconds(self._begun_samples + samples)
        chunk = AudioChunk(
            index=self._index,
            data=self._writer.finish(),
            offset_ms=begin_ms,
            duration_ms=end_ms - begin_ms,
            samples=samples,
            is_last=is_last,
        )
        self._index += 1
        self._begun_samples += samples
        self._writer = self._new_writer()
        return chunk

    def _new_writer(self) -> OpusWriter:
        return OpusWriter(channels=self._channels, bit_rate=self._bit_rate)


def _milliseconds(samples: int) -> int:
    return round(samples * 1_000 / SAMPLE_RATE)
