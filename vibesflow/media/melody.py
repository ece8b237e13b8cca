"""A small tune of our own, made from sine waves: real audio for demonstrations and tests."""

from __future__ import annotations

import math
from array import array
from collections.abc import Iterator
from functools import lru_cache
from itertools import cycle
from typing import Final

from av import AudioFrame

from vibesflow.media.encoder import FRAME_SAMPLES, SAMPLE_FORMAT, SAMPLE_RATE, OpusWriter

_BIT_RATE = 64_000
_BEAT_SAMPLES = SAMPLE_RATE * 2 // 5
"""150 beats a minute."""
_BAR_BEATS = 4
_HARMONICS: Final = ((1, 0.72), (2, 0.2), (3, 0.08))
"""Overtone and share of loudness: a soft, bell-like tone."""
_ATTACK_S = 0.012
_FADE_S = 0.45

_BARS: Final = (
    (45, ((69, 1), (72, 1), (76, 1), (72, 1))),
    (41, ((77, 2), (76, 1), (72, 1))),
    (48, ((67, 1), (72, 1), (76, 1), (79, 1))),
    (43, ((74, 2), (71, 1), (67, 1))),
    (45, ((81, 1), (79, 1), (76, 2))),
    (41, ((72, 1), (69, 1), (77, 2))),
    (48, ((76, 1), (74, 1), (72, 1), (67, 1))),
    (43, ((71, 1), (74, 1), (67, 2))),
)
"""Bass note of each bar and its melody: MIDI note and length in beats."""


def melody_pcm(duration_s: float) -> Iterator[bytes]:
    """Yield the tune as 48 kHz mono 16-bit PCM in the machine's byte order, in blocks of 20 ms.

    The same duration gives the same samples; the tune repeats after 12.8 s.
    """
    left = round(duration_s * SAMPLE_RATE)
    for index in cycle(range(len(_BARS))):
        if left <= 0:
            return
        bar = _bar(index)[:left]
        left -= len(bar)
        for start in range(0, len(bar), FRAME_SAMPLES):
            yield bar[start : start + FRAME_SAMPLES].tobytes()


def encode_melody(duration_s: float) -> bytes:
    """Return the tune as a WebM/Opus file of exactly that length."""
    writer = OpusWriter(channels=1, bit_rate=_BIT_RATE)
    for block in melody_pcm(duration_s):
        frame = AudioFrame(format=SAMPLE_FORMAT, layout="mono", samples=len(block) // 2)
        frame.sample_rate = SAMPLE_RATE
        frame.planes[0].update(block)
        writer.write(frame)
    return writer.finish()


@lru_cache(maxsize=len(_BARS))
def _bar(index: int) -> array[int]:
    bass, notes = _BARS[index]
    mixed = [0.6 * value for value in _tone(bass, _BAR_BEATS)]
    start = 0
    for note, beats in notes:
        for at, value in enumerate(_tone(note, beats), start=start):
            mixed[at] += value
        start += beats * _BEAT_SAMPLES
    return array("h", [round(value * 14_000) for value in mixed])


@lru_cache(maxsize=64)
def _tone(note: int, beats: int) -> tuple[float, ...]:
    step = math.tau * 440 * 2 ** ((note - 69) / 12) / SAMPLE_RATE
    count = beats * _BEAT_SAMPLES
    return tuple(
        _envelope(at, count) * sum(part * math.sin(step * times * at) for times, part in _HARMONICS)
        for at in range(count)
    )


def _envelope(at: int, count: int) -> float:
    """Rise without a click, ring out, and end in silence."""
    seconds = at / SAMPLE_RATE
    ending = (count - at) / SAMPLE_RATE
    return min(seconds / _ATTACK_S, ending / _ATTACK_S, 1.0) * math.exp(-seconds / _FADE_S)
