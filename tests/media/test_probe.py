import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.media.sounds import OnlyRead, encoded, silent_video, wav
from vibesflow.errors import InputUnreadable
from vibesflow.media import encode_melody, probe, probe_audio

MELODY = encode_melody(1.25)


def test_probe_measures_webm_opus():
    facts = probe_audio(MELODY)
    assert facts == probe.AudioFacts(
        duration_ms=1_250, container="matroska,webm", codec="opus", channels=1, exact=True
    )


@pytest.mark.parametrize(
    ("container", "codec", "named", "content_type"),
    [
        ("webm", "libopus", "opus", "audio/webm"),
        ("ogg", "libopus", "opus", "audio/ogg"),
        ("mp3", "libmp3lame", "mp3float", "audio/mpeg"),
        ("flac", "flac", "flac", "audio/flac"),
        ("adts", "aac", "aac", "audio/aac"),
        ("mp4", "aac", "aac", "audio/mp4"),
        ("wav", "pcm_s16le", "pcm_s16le", "audio/wav"),
    ],
)
def test_probe_measures_other_audio(container, codec, named, content_type):
    rate = 48_000 if codec == "libopus" else 44_100
    facts = probe_audio(encoded(container, codec, rate=rate))
    assert facts is not None
    assert facts.codec == named
    assert facts.content_type == content_type
    assert facts.duration_ms == pytest.approx(2_000, abs=60)


def test_probe_counts_what_a_browser_does_not_declare():
    undeclared = MELODY.replace(b"\x44\x89\x88", b"\xec\x89\x88"[:1] + b"\x8a" + b"\x88", 1)
    assert undeclared != MELODY
    facts = probe_audio(undeclared)
    assert facts is not None
    assert facts.duration_ms == 1_250


def test_probe_reads_what_cannot_seek():
    assert probe_audio(OnlyRead(MELODY)) == probe_audio(MELODY)


def test_probe_names_the_channels_of_the_source():
    facts = probe_audio(wav(4_800, channels=2))
    assert facts is not None
    assert (facts.codec, facts.channels, facts.duration_ms) == ("pcm_s16le", 2, 100)


@pytest.mark.parametrize(
    "data",
    [b"", b"\0" * 5_000, b"RIFF", b"OggS" + b"\xff" * 900, MELODY[:200], silent_video()],
    ids=["empty", "zeros", "riff", "ogg", "header only", "no sound"],
)
def test_probe_answers_none_for_what_is_not_audio(data):
    assert probe_audio(data) is None


@settings(max_examples=150, deadline=None)
@given(st.binary(max_size=2_000))
def test_probe_never_raises_on_garbage(data):
    probe_audio(data)


@settings(max_examples=100, deadline=None)
@given(st.integers(0, len(MELODY) - 1), st.binary(min_size=1, max_size=64))
def test_probe_never_raises_on_damaged_audio(at, damage):
    facts = probe_audio(MELODY[:at] + damage + MELODY[at + len(damage) :])
    assert facts is None or facts.duration_ms >= 1


def test_probe_of_a_torn_file_counts_the_readable_part():
    facts = probe_audio(MELODY[: len(MELODY) // 2])
    assert facts is not None
    assert 300 < facts.duration_ms < 900


@pytest.mark.parametrize(
    "playlist",
    [
        "#EXTM3U\n#EXT-X-TARGETDURATION:9\n#EXTINF:1,\n{target}\n#EXT-X-ENDLIST\n",
        "ffconcat version 1.0\nfile '{target}'\n",
    ],
    ids=["hls", "concat"],
)
def test_probe_opens_no_file_that_the_bytes_name(tmp_path, playlist):
    target = tmp_path / "private.wav"
    target.write_bytes(wav(48_000))
    assert probe_audio(playlist.format(target=target).encode()) is None


def test_probe_bounds_its_work(monkeypatch):
    monkeypatch.setattr(probe, "_MAX_SAMPLES", 48_000)
    facts = probe_audio(encode_melody(5))
    assert facts is not None
    assert not facts.exact
    assert facts.duration_ms == pytest.approx(5_000, abs=10)


@pytest.mark.parametrize("rate", [0, 1, 4_000_000_000])
def test_probe_refuses_a_sample_rate_that_would_blow_a_small_file_up(rate):
    honest = wav(20_000)
    lying = honest[:24] + rate.to_bytes(4, "little") + honest[28:]
    assert probe_audio(lying) is None


def test_probe_tells_a_failing_disk_from_bad_audio():
    class Broken:
        def read(self, _size, /):
            raise OSError(5, "Input/output error")

    with pytest.raises(InputUnreadable, match="Input/output error"):
        probe_audio(Broken())
