"""The existing client's JSON body: its audio is decoded while it comes, and never held whole."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from pydantic_core import from_json

from api.ingest.base64_text import Base64Text
from api.ingest.headers import DEFAULT_MEDIA_TYPE, audio_type
from vibesflow.errors import InvalidBody

AUDIO = "audioData"
OTHER_BYTES = 64 * 1024
"""Room for everything in the JSON but the audio."""

_MEDIA_TYPE_NAMES = ("mimeType", "mime_type", "contentType", "content_type", "type")
_MARK = re.compile(rb'["{}\[\]:,]')
_STRING_MARK = re.compile(rb'["\\]')


@dataclass(frozen=True, slots=True)
class JsonFacts:
    """What a JSON body says besides its audio."""

    content_type: str = DEFAULT_MEDIA_TYPE
    is_final: bool = False


class JsonBody:
    """Splits ``{"audioData": "<base64>", "metadata": {...}, "isFinalChunk": bool, ...}``.

    The text of the audio is cut out as it comes. What remains is small: it is kept, and parsed
    at the end by a strict parser with a limit to nesting, so this one need only follow strings
    and brackets of what will have proved to be JSON.
    """

    def __init__(self) -> None:
        self._rest = bytearray()
        self._audio: Base64Text | None = None
        self._mode = self._outside
        self._depth = 0
        self._awaits_key = False
        self._key_begins: int | None = None
        self._key = ""
        self._is_escaped = False

    def feed(self, block: bytes) -> bytes:
        """Take the body's next bytes and return the audio in them.

        Raises:
            InvalidBody: its audio is not base64, or there is too much besides it.
        """
        decoded = bytearray()
        at = 0
        while at < len(block):
            at, audio = self._mode(block, at)
            decoded += audio
        return bytes(decoded)

    def finish(self) -> JsonFacts:
        """Return what the body says besides its audio, once all of it came.

        Raises:
            InvalidBody: it is not JSON, not an object, or has no audio.
        """
        if not self._rest:
            raise InvalidBody("the body is empty")
        try:
            fields = from_json(self._rest)
        except ValueError as error:
            raise InvalidBody("the body is not JSON") from error
        if not isinstance(fields, dict):
            raise InvalidBody("the body is JSON, but not an object")
        if self._audio is None or not isinstance(fields.get(AUDIO), str):
            raise InvalidBody(f"{AUDIO} is missing, or not a string")
        self._audio.finish()
        return JsonFacts(
            content_type=_content_type(fields.get("metadata")),
            is_final=fields.get("isFinalChunk") in (True, "true"),
        )

    def _outside(self, block: bytes, at: int) -> tuple[int, bytes]:
        found = _MARK.search(block, at)
        if found is None:
            return self._keep(block, at, len(block)), b""
        end = self._keep(block, at, found.end())
        mark = found[0]
        if mark == b'"':
            self._begin_string()
        elif mark in b"{[":
            self._depth += 1
            self._awaits_key = mark == b"{"
        elif mark in b"}]":
            self._depth -= 1
            self._awaits_key = False
        elif self._depth == 1:
            self._awaits_key = mark == b","
        return end, b""

    def _begin_string(self) -> None:
        is_top = self._depth == 1
        if is_top and not self._awaits_key and self._key == AUDIO:
            if self._audio is not None:
                raise InvalidBody(f"{AUDIO} is given twice")
            self._audio = Base64Text()
            self._mode = self._in_audio
            return
        self._key_begins = len(self._rest) - 1 if is_top and self._awaits_key else None
        self._mode = self._in_string

    def _in_string(self, block: bytes, at: int) -> tuple[int, bytes]:
        if self._is_escaped:
            self._is_escaped = False
            return self._keep(block, at, at + 1), b""
        found = _STRING_MARK.search(block, at)
        if found is None:
            return self._keep(block, at, len(block)), b""
        end = self._keep(block, at, found.end())
        if found[0] == b"\\":
            self._is_escaped = True
        else:
            self._mode = self._outside
            if self._key_begins is not None:
                self._key = _spelled(self._rest[self._key_begins :])
        return end, b""

    def _in_audio(self, block: bytes, at: int) -> tuple[int, bytes]:
        assert self._audio is not None  # noqa: S101 - this mode begins with it
        end = block.find(b'"', at)
        stop = len(block) if end < 0 else end
        audio = self._audio.feed(block[at:stop])
        if end >= 0:
            self._mode = self._outside
            stop = self._keep(block, end, end + 1)
        return stop, audio

    def _keep(self, block: bytes, at: int, end: int) -> int:
        if len(self._rest) + end - at > OTHER_BYTES:
            raise InvalidBody(
                f"the body is not JSON with at most {OTHER_BYTES} bytes of other things"
            )
        self._rest += block[at:end]
        return end


def _spelled(quoted: bytes | bytearray) -> str:
    try:
        text = from_json(bytes(quoted))
    except ValueError:
        return ""  # the strict parser will say so at the end
    return text if isinstance(text, str) else ""


def _content_type(metadata: object) -> str:
    if isinstance(metadata, Mapping):
        named = (metadata.get(name) for name in _MEDIA_TYPE_NAMES)
        told = (audio_type(text) for text in named if isinstance(text, str))
        return next((kind for kind in told if kind), DEFAULT_MEDIA_TYPE)
    return DEFAULT_MEDIA_TYPE
