"""Base64 inside a JSON string, decoded piece by piece."""

from __future__ import annotations

import binascii
import re

from vibesflow.errors import InvalidBody

_ESCAPE = re.compile(rb"\\(?:/|u00([0-9a-fA-F]{2}))")
_LONGEST_ESCAPE = 6


class Base64Text:
    """Decodes the characters of a JSON string, some of which its writer may have escaped."""

    def __init__(self) -> None:
        self._waiting = b""
        self._is_padded = False
        self._is_empty = True

    def feed(self, text: bytes) -> bytes:
        """Take more characters and return the bytes that they complete.

        Raises:
            InvalidBody: they are not base64.
        """
        text = self._waiting + text
        if b"\\" in text:
            text = self._unescaped(text)
            cut = text.find(b"\\")
        else:
            cut = -1
        whole = (len(text) if cut < 0 else cut) // 4 * 4
        self._waiting = text[whole:]
        return self._decode(text[:whole])

    def finish(self) -> None:
        """Say that the string has ended; raise `InvalidBody` if it must not end here."""
        if self._waiting:
            raise InvalidBody("audioData is not base64")
        if self._is_empty:
            raise InvalidBody("audioData is empty")

    def _unescaped(self, text: bytes) -> bytes:
        begun = text.rfind(b"\\", max(0, len(text) - _LONGEST_ESCAPE + 1))
        begun = len(text) if begun < 0 or _ESCAPE.match(text, begun) else begun
        plain = _ESCAPE.sub(_character, text[:begun])
        if b"\\" in plain:
            raise InvalidBody("audioData is not base64")
        return plain + text[begun:]

    def _decode(self, text: bytes) -> bytes:
        if not text:
            return b""
        if self._is_padded:
            raise InvalidBody("audioData is not base64")
        self._is_padded = text.endswith(b"=")
        self._is_empty = False
        try:
            return binascii.a2b_base64(text, strict_mode=True)
        except ValueError as error:
            raise InvalidBody("audioData is not base64") from error


def _character(escape: re.Match[bytes]) -> bytes:
    return b"/" if escape[1] is None else bytes([int(escape[1], 16)])
