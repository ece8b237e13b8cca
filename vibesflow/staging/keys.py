"""Which keys staging takes: two path parts that can lead nowhere else."""

from __future__ import annotations

import re

from vibesflow.errors import InvalidInput

_PART = r"[A-Za-z0-9][A-Za-z0-9._:-]{0,127}"
_KEY = re.compile(f"({_PART})/({_PART})", re.ASCII)
_FOLDER = re.compile(_PART, re.ASCII)


def split_key(key: str) -> tuple[str, str]:
    """Return a key's two parts: the stream id and the chunk's name in it.

    Raises:
        InvalidInput: anything else, such as ``..``, a third part or a leading dot.
    """
    found = _KEY.fullmatch(key)
    if not found:
        raise InvalidInput(f"not a staging key: {key[:280]!r}")
    return found[1], found[2]


def is_key(key: str) -> bool:
    """Tell whether a name found in staging is a key, and not something of our own."""
    return _KEY.fullmatch(key) is not None


def is_folder(name: str) -> bool:
    """Tell whether a folder found in staging belongs to a stream."""
    return _FOLDER.fullmatch(name) is not None
