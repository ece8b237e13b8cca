"""Reading an uploaded form (RFC 7578)."""

from __future__ import annotations

import re
from dataclasses import dataclass

_BOUNDARY = re.compile(r'boundary="?([^";]+)"?')
_NAME = re.compile(r'[; ]name="([^"]*)"')
_FILE_NAME = re.compile(r'[; ]filename="([^"]*)"')
_TYPE = re.compile(r"^content-type: *(\S+)", re.IGNORECASE | re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Part:
    """One field or file of a form."""

    content: bytes
    file_name: str = ""
    content_type: str = "application/octet-stream"


def parse_form(content_type: str, body: bytes) -> dict[str, Part]:
    """Return the parts of a form by name; empty when it is no form."""
    boundary = _BOUNDARY.search(content_type)
    if not content_type.startswith("multipart/form-data") or boundary is None:
        return {}
    parts = {}
    for raw in (b"\r\n" + body).split(b"\r\n--" + boundary[1].encode())[1:-1]:
        head, _, content = raw.removeprefix(b"\r\n").partition(b"\r\n\r\n")
        text = head.decode("utf-8", "replace")
        name, file_name, kind = _NAME.search(text), _FILE_NAME.search(text), _TYPE.search(text)
        if name is not None:
            parts[name[1]] = Part(
                content,
                file_name[1] if file_name else "",
                kind[1] if kind else "application/octet-stream",
            )
    return parts
