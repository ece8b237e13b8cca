import io
from itertools import islice

import pytest
from av import AudioFrame
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.media.sounds import OnlyRead, encoded, samples_in, silent_video, wav
from vibesflow.errors import InputUnreadable, InvalidAudio
from vibesflow.media import Decoder, cut_audio, probe_audio
from vibesflow.media.evener import Evener
from vibesflow.stream.chunk import MIN_CHUNK_BYTES

ONE_PACKET = 960 - 312
"""Samples of the shortest Opus file: one packet without the pre-skip that libopus asks for."""


def cut(source, chunk_s=1.0):
    readable = io.BytesIO(source) if isinstance(source, bytes) else source
    with Decoder(readable) as decoder:
        return list(cut_audio(decoder, chunk_s=chunk_s))


@settings(max_examples=30, deadline=None)
@given(
    samples=st.integers(1, 60_000),
    chunk_samples=st.integers(2_400, 30_000),
    channels=st.sampled_from([1, 2]),
)
def test_cuts_hold_every_sample_once(samples, chunk_samples, channels):
    chunks = cut(wav(samples, channels=channels), chunk_samples / 48_000)
    full, rest = divmod(samples, chunk_samples)
    assert [chunk.samples for chunk in chunks] == [chunk_samples] * full + [rest] * bool(rest)
    for chunk in chunks:
        assert samples_in(chunk.data) == max(chunk.samples, ONE_PACKET)
    assert [chunk.index for chunk in chunks] == list(range(len(chunks)))
    assert [chunk.is_last for chunk in chunks] == [False] * (len(chunks) - 1) + [True]


@settings(max_examples=20, deadline=None)
@given(
    rate=st.sampled_from([8_000, 11_025, 22_050, 32_000, 44_100, 96_000]),
    milliseconds=st.integers(50, 1_500),
    chunk_s=st.floats(0.1, 1.0),
)
def test_durations_meet_without_a_gap_and_add_up(rate, milliseconds, chunk_s):
    chunks = cut(wav(rate * milliseconds // 1_000, rate=rate), chunk_s)
    ends = [chunk.offset_ms + chunk.duration_ms for chunk in chunks]
    assert [chunk.offset_ms for chunk in chunks] == [0, *ends[:-1]]
    assert ends[-1] == pytest.approx(milliseconds, abs=20)


def test_each_chunk_is_audio_by_itself():
    for chunk in cut(encoded("mp3", "libmp3lame"), 0.7):
        facts = probe_audio(chunk.data)
        assert facts is not None
        assert facts.codec == "opus"
        assert facts.duration_ms == chunk.duration_ms


def test_the_same_input_gives_the_same_bytes():
    source = encoded("ogg", "libopus", rate=48_000)
    first, second, piped = cut(source), cut(source), cut(OnlyRead(source, at_most=333))
    assert [chunk.data for chunk in first] == [chunk.data for chunk in second]
    assert [chunk.data for chunk in first] == [chunk.data for chunk in piped]
    assert len({chunk.data for chunk in first}) == len(first)


def test_the_shortest_chunk_is_large_enough_for_a_piece():
    assert len(cut(wav(1))[0].data) >= MIN_CHUNK_BYTES


def test_a_chunk_comes_as_soon_as_one_sample_beyond_it_is_decoded():
    source = OnlyRead(wav(20 * 48_000))
    with Decoder(source) as decoder:
        for chunk in islice(cut_audio(decoder, chunk_s=1.0), 15):
            ahead_s = source.taken / 96_000 - chunk.index - 1
            assert ahead_s < (6 if chunk.index < 5 else 0.5)


def test_a_surround_source_is_mixed_down():
    facts = probe_audio(cut(wav(9_600, channels=6))[0].data)
    assert facts is not None
    assert facts.channels == 2


def test_a_format_that_changes_on_the_way_is_followed():
    both = encoded("adts", "aac", rate=44_100) + encoded("adts", "aac", rate=22_050)
    assert sum(chunk.duration_ms for chunk in cut(both)) == pytest.approx(4_000, abs=200)


def test_a_frame_that_cannot_be_resampled_is_refused_and_the_next_one_taken():
    evener = Evener("mono")
    odd = AudioFrame(format="s16", layout="mono", samples=960)
    odd.sample_rate = 1
    with pytest.raises(InvalidAudio, match="1 Hz"):
        evener.take(odd)
    good = AudioFrame(format="s16", layout="stereo", samples=960)
    good.sample_rate = 24_000
    taken = [*evener.take(good), *evener.drain()]
    assert sum(frame.samples for frame in taken) == 1_920
    assert evener.drain() == []


def test_damaged_packets_are_counted_and_passed_over():
    whole = encoded("mp3", "libmp3lame")
    middle = len(whole) // 2
    damaged = whole[:middle] + b"\xff" * 300 + whole[middle + 300 :]
    with Decoder(io.BytesIO(damaged)) as decoder:
        total_ms = sum(chunk.duration_ms for chunk in cut_audio(decoder, chunk_s=0.5))
    assert decoder.damaged_packets > 0
    assert 1_800 < total_ms < 2_000


def test_stopping_ends_the_audio_with_a_last_chunk():
    seen = 0

    def stopped() -> bool:
        return seen >= 1

    chunks = []
    with Decoder(io.BytesIO(wav(480_000)), stopped=stopped) as decoder:
        for chunk in cut_audio(decoder, chunk_s=1.0):
            chunks.append(chunk)
            seen += 1
    assert len(chunks) == 2
    assert chunks[-1].is_last
    assert chunks[-1].samples < 48_000


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "not audio"),
        (b"This is a text, not a tune. " * 40, "not audio"),
        (silent_video(), "no audio track"),
        (wav(0), "could be decoded"),
    ],
    ids=["empty", "text", "no sound", "no samples"],
)
def test_what_is_not_audio_is_refused_with_the_reason(data, reason):
    with pytest.raises(InvalidAudio, match=reason):
        cut(data)


def test_an_mp4_whose_index_is_at_the_end_cannot_come_through_a_pipe():
    movie = encoded("mp4", "aac", seconds=4)
    assert cut(movie)
    with pytest.raises(InvalidAudio):
        cut(OnlyRead(movie))


def test_a_failing_read_is_told_apart_from_bad_audio():
    class Breaks(OnlyRead):
        left = 20

        def read(self, size, /):
            self.left -= 1
            if not self.left:
                raise OSError(5, "Input/output error")
            return super().read(size)

    with pytest.raises(InputUnreadable, match="Input/output error"):
        cut(Breaks(wav(480_000)))
