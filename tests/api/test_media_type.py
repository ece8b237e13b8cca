from __future__ import annotations

import json
import wave
from io import BytesIO

import av
import pytest

from api.pieces.media_type import HEAD_BYTES, OCTETS, file_name, media_type_of
from vibesflow.media import encode_melody


def wav() -> bytes:
    target = BytesIO()
    with wave.open(target, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(8_000)
        file.writeframes(bytes(2_000))
    return target.getvalue()


def encoded(container: str, codec: str) -> bytes:
    """A tenth of a second of silence, or a black picture, by FFmpeg."""
    target = BytesIO()
    with av.open(target, "w", format=container) as output:
        stream = output.add_stream(codec, rate=48_000 if codec != "libvpx" else 10)
        if codec == "libvpx":
            stream.width, stream.height, stream.pix_fmt = 64, 64, "yuv420p"
            frame = av.VideoFrame(64, 64, "yuv420p")
        else:
            stream.layout = "mono"
            frame = av.AudioFrame("s16", "mono", 4_800)
            frame.sample_rate = 48_000
            for plane in frame.planes:
                plane.update(bytes(plane.buffer_size))
        frame.pts = 0
        for packet in (*stream.encode(frame), *stream.encode(None)):
            output.mux(packet)
    return target.getvalue()


@pytest.mark.parametrize(
    ("container", "codec", "media_type"),
    [
        ("webm", "libopus", "audio/webm"),
        ("webm", "libvpx", "video/webm"),
        ("ogg", "libopus", "audio/ogg"),
        ("flac", "flac", "audio/flac"),
        ("mp3", "libmp3lame", "audio/mpeg"),
        ("adts", "aac", "audio/aac"),
        ("ipod", "aac", "audio/mp4"),
        ("mp4", "aac", "video/mp4"),
    ],
)
def test_what_ffmpeg_writes(container, codec, media_type):
    assert media_type_of(encoded(container, codec)[:HEAD_BYTES]) == media_type


def test_our_own_recordings():
    assert media_type_of(encode_melody(1)[:HEAD_BYTES]) == "audio/webm"


@pytest.mark.parametrize(
    ("head", "media_type"),
    [
        (wav(), "audio/wav"),
        (b"\x1fC\xb6u" + bytes(9), "audio/webm"),
        (json.dumps({"schema": "vibesflow/stream/1"}).encode(), "application/json"),
        (b" [1, 2]", "application/json"),
        (("{" + "\u00e4" * 4_095).encode()[:HEAD_BYTES], "application/json"),
        (b"plain words", "text/plain; charset=utf-8"),
        (b"<html><script>alert(1)</script>", "text/plain; charset=utf-8"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "text/plain; charset=utf-8"),
        (b"", OCTETS),
        (b"\x00" * 200, OCTETS),
        (b"text with \x00 inside", OCTETS),
        (b"latin \xe4\xf6\xfc and more", OCTETS),
    ],
)
def test_other_content(head, media_type):
    assert media_type_of(head) == media_type


def test_names_of_downloads():
    assert file_name("bafk", "audio/webm") == "bafk.webm"
    assert file_name("bafk", OCTETS) == "bafk.bin"
