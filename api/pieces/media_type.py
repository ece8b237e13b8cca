"""What content is, judged by its first bytes; never anything that a browser would run."""

from __future__ import annotations

from typing import Final

HEAD_BYTES: Final = 4096
"""Bytes at the start that decide; the track list of a WebM file lies within them."""

OCTETS: Final = "application/octet-stream"

_EBML: Final = b"\x1aE\xdf\xa3"
_WEBM_CLUSTER: Final = b"\x1fC\xb6u"
_VIDEO_CODECS: Final = (b"V_VP8", b"V_VP9", b"V_AV1", b"V_MPEG")

_SIGNATURES: Final = (
    (0, _WEBM_CLUSTER, "audio/webm"),  # a later part of a recording that was cut without headers
    (0, b"OggS\x00", "audio/ogg"),
    (8, b"WAVE", "audio/wav"),
    (0, b"fLaC", "audio/flac"),
    (0, b"ID3", "audio/mpeg"),
    (8, b"M4A ", "audio/mp4"),
    (4, b"ftyp", "video/mp4"),
)
_TEXT_CONTROLS: Final = frozenset(b"\t\n\r")
_FIRST_PRINTABLE: Final = 0x20

_EXTENSIONS: Final = {
    "audio/webm": ".webm",
    "video/webm": ".webm",
    "audio/ogg": ".ogg",
    "audio/wav": ".wav",
    "audio/flac": ".flac",
    "audio/mpeg": ".mp3",
    "audio/aac": ".aac",
    "audio/mp4": ".m4a",
    "video/mp4": ".mp4",
    "application/json": ".json",
    "text/plain; charset=utf-8": ".txt",
}


def media_type_of(head: bytes) -> str:
    """Return the media type of content that begins with these bytes."""
    if head.startswith(_EBML):
        return "video/webm" if any(codec in head for codec in _VIDEO_CODECS) else "audio/webm"
    for at, signature, media_type in _SIGNATURES:
        if head.startswith(signature, at):
            return media_type
    if len(head) > 1 and head[0] == 0xFF and head[1] & 0xE0 == 0xE0:  # MPEG audio frame
        return "audio/mpeg" if head[1] & 0x06 else "audio/aac"
    return _text_type(head)


def file_name(cid: str, media_type: str) -> str:
    """Return the name that a download gets."""
    return cid + _EXTENSIONS.get(media_type, ".bin")


def _text_type(head: bytes) -> str:
    if not head or any(byte < _FIRST_PRINTABLE and byte not in _TEXT_CONTROLS for byte in head):
        return OCTETS
    try:
        head[:-3].decode()  # the last character may be cut
    except UnicodeDecodeError:
        return OCTETS
    return "application/json" if head.lstrip()[:1] in (b"{", b"[") else "text/plain; charset=utf-8"
