"""Opening bytes of unknown origin as audio, and nothing else."""

from __future__ import annotations

from typing import Protocol

import av
from av.audio.stream import AudioStream
from av.container import InputContainer

from vibesflow.errors import InvalidAudio

_CONTAINERS = (
    "aac,ac3,aiff,amr,amrnb,amrwb,ape,asf,au,avi,caf,dsf,eac3,flac,flv,m4a,matroska,mov,mp3,mp4,"
    "mpeg,mpegts,nut,ogg,tta,voc,w64,wav,webm,wv"
)
"""Containers that hold their own audio. Playlists (HLS, DASH, concat, SDP) name other files and
addresses, which bytes from a stranger must never make this process open."""


class Readable(Protocol):
    """Anything with ``read``; it may also have ``seek`` and ``tell``."""

    def read(self, size: int, /) -> bytes:
        """Return up to ``size`` bytes; none at the end."""
        ...


def open_audio(source: Readable, name: str) -> tuple[InputContainer, AudioStream]:
    """Open the source and pick its first audio track.

    Args:
        source: the encoded bytes; closing it stays the caller's affair.
        name: what to call the input in messages.

    Raises:
        InvalidAudio: not a container that we read, or one without audio.
    """
    try:
        container = av.open(
            source, "r", options={"format_whitelist": _CONTAINERS}, metadata_errors="ignore"
        )
    except av.FFmpegError as error:
        raise InvalidAudio(f"{name} is not audio that can be decoded: {error.strerror}") from error
    if not container.streams.audio:
        container.close()
        raise InvalidAudio(f"{name} has no audio track")
    stream = container.streams.audio[0]
    if getattr(stream, "codec_context", None) is None:  # PyAV's stubs do not know this case
        container.close()
        raise InvalidAudio(f"{name} has audio in a codec that cannot be decoded")
    return container, stream
