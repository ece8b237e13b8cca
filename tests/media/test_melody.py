import io
from itertools import pairwise

import av
import pytest

from tests.media.sounds import samples_in
from vibesflow.media import SAMPLE_RATE, encode_melody, melody_pcm


@pytest.mark.parametrize("duration_s", [0.02, 0.5, 1.2345, 14.0])
def test_melody_lasts_exactly_as_long_as_asked(duration_s):
    pcm = b"".join(melody_pcm(duration_s))
    assert len(pcm) == 2 * round(duration_s * SAMPLE_RATE)
    assert samples_in(encode_melody(duration_s)) == round(duration_s * SAMPLE_RATE)


def test_melody_is_the_same_every_time():
    assert encode_melody(1.5) == encode_melody(1.5)


def test_melody_is_loud_enough_to_hear_and_never_clips():
    values = memoryview(b"".join(melody_pcm(12.8))).cast("h")
    peak = max(map(abs, values))
    assert 8_000 < peak < 32_000


def test_melody_has_several_notes():
    def crossings(block: memoryview) -> int:
        return sum((a < 0) != (b < 0) for a, b in pairwise(block))

    values = memoryview(b"".join(melody_pcm(12.8))).cast("h")
    beat = SAMPLE_RATE * 2 // 5
    assert len({crossings(values[at : at + beat]) for at in range(0, len(values), beat)}) >= 8


def test_melody_is_webm_opus():
    with av.open(io.BytesIO(encode_melody(0.5))) as container:
        assert container.format.name == "matroska,webm"
        assert container.streams.audio[0].codec_context.name == "opus"
        assert container.duration == pytest.approx(500_000, abs=10_000)
