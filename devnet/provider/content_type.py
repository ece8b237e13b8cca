"""What a payload is, judged by its first bytes."""

from __future__ import annotations

_OCTETS = "application/octet-stream"
SNIFFED_BYTES = 512
"""Bytes at the start of a payload that decide."""

_SIGNATURES: tuple[tuple[int, bytes, str], ...] = (
    (0, b"\x1aE\xdf\xa3", "video/webm"),
    (0, b"OggS\x00", "application/ogg"),
    (0, b"ID3", "audio/mpeg"),
    (0, b"fLaC", "audio/flac"),
    (8, b"WAVE", "audio/wave"),
    (8, b"WEBP", "image/webp"),
    (4, b"ftyp", "video/mp4"),
    (0, b"\x89PNG\r\n\x1a\n", "image/png"),
    (0, b"\xff\xd8\xff", "image/jpeg"),
    (0, b"GIF8", "image/gif"),
    (0, b"%PDF-", "application/pdf"),
    (0, b"PK\x03\x04", "application/zip"),
    (0, b"\x1f\x8b\x08", "application/x-gzip"),
)
_TEXT_CONTROLS = frozenset(b"\t\n\x0c\r\x1b")


def content_type_of(head: bytes) -> str:
    """Name the media type of a payload that begins with these bytes."""
    for at, signature, media_type in _SIGNATURES:
        if head.startswith(signature, at):
            return media_type
    if all(byte >= 0x20 or byte in _TEXT_CONTROLS for byte in head):
        return "text/plain; charset=utf-8"
    return _OCTETS


def disposition_of(media_type: str, name: str) -> str | None:
    """Show what a browser knows in place; leave the rest to its download."""
    return None if media_type == _OCTETS else f'inline; filename="{name}"'
