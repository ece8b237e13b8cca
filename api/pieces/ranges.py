"""The part of a piece that a request asks for (RFC 9110, sections 13 and 14)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from vibesflow.errors import RangeNotSatisfiable

_RANGE: Final = re.compile(r"bytes=[ \t]*([0-9]{0,19})-([0-9]{0,19})[ \t]*", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Part:
    """Bytes from ``start`` up to and without ``end``, of ``size``."""

    start: int
    end: int
    size: int

    @property
    def length(self) -> int:
        """Number of bytes."""
        return self.end - self.start

    @property
    def content_range(self) -> str:
        """Value of the Content-Range header."""
        return f"bytes {self.start}-{self.end - 1}/{self.size}"


def wanted_part(header: str | None, size: int) -> Part | None:
    """Return the part that a Range header asks for; None means the whole.

    Several ranges at once, other units and malformed headers ask for nothing, as the standard
    allows.

    Raises:
        RangeNotSatisfiable: nothing of the range exists.
    """
    matched = _RANGE.fullmatch(header) if header is not None else None
    if matched is None or matched.groups() == ("", ""):
        return None
    first, last = matched.groups()
    if not first:
        part = Part(max(0, size - int(last)), size, size)
    elif last and int(last) < int(first):
        return None
    else:
        part = Part(int(first), min(size, int(last) + 1) if last else size, size)
    if part.length <= 0:
        raise RangeNotSatisfiable(
            f"the range is beyond the {size} bytes there are", size_bytes=size
        )
    return part


def names_etag(header: str | None, etag: str) -> bool:
    """Tell whether an If-None-Match header names the entity tag."""
    tags = [tag.strip().removeprefix("W/") for tag in (header or "").split(",")]
    return etag in tags
