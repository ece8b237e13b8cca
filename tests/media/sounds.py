"""Audio for tests, made on the spot."""

import io
import math
import wave
from array import array

import av


def wav(samples: int, *, rate: int = 48_000, channels: int = 1) -> bytes:
    """A WAV file with a tone whose pitch moves, so that no two stretches are alike."""
    tone = (
        round(9_000 * math.sin(at * (0.02 + at / 40_000_000)))
        for at in range(samples)
        for _ in range(channels)
    )
    buffer = io.BytesIO()
    with wave.open(buffer, "wb") as file:
        file.setnchannels(channels)
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes(array("h", tone).tobytes())
    return buffer.getvalue()


def encoded(container: str, codec: str, *, seconds: int = 2, rate: int = 44_100) -> bytes:
    """The same kind of tone in any container and codec that FFmpeg writes."""
    buffer = io.BytesIO()
    tone = io.BytesIO(wav(seconds * rate, rate=rate))
    with av.open(tone) as source, av.open(buffer, "w", format=container) as sink:
        stream = sink.add_stream(codec, rate=rate)
        for frame in source.decode(audio=0):
            frame.pts = None
            sink.mux(stream.encode(frame))
        sink.mux(stream.encode(None))
    return buffer.getvalue()


def samples_in(data: bytes) -> int:
    """Decode a file by itself and count its samples."""
    with av.open(io.BytesIO(data)) as container:
        return sum(frame.samples for frame in container.decode(audio=0))


def silent_video() -> bytes:
    """A WebM file with a picture and no sound."""
    buffer = io.BytesIO()
    with av.open(buffer, "w", format="webm") as sink:
        stream = sink.add_stream("libvpx", rate=10)
        stream.width, stream.height, stream.pix_fmt = 16, 16, "yuv420p"
        for _ in range(3):
            frame = av.VideoFrame(16, 16, "yuv420p")
            sink.mux(stream.encode(frame))
        sink.mux(stream.encode(None))
    return buffer.getvalue()


class OnlyRead:
    """A source that cannot seek, as a pipe cannot."""

    def __init__(self, data: bytes, *, at_most: int = 4_096) -> None:
        self._source = io.BytesIO(data)
        self._at_most = at_most

    def read(self, size: int, /) -> bytes:
        return self._source.read(min(size, self._at_most))

    @property
    def taken(self) -> int:
        """Bytes that were read so far."""
        return self._source.tell()


__all__ = ["OnlyRead", "encoded", "samples_in", "silent_video", "wav"]
