"""Key-value pairs that live on chain with data sets and pieces."""

from __future__ import annotations

from vibesflow.errors import InvalidInput

Metadata = tuple[tuple[str, str], ...]
"""Pairs in the order in which they are signed."""

MAX_DATA_SET_KEYS = 10
MAX_PIECE_KEYS = 3
MAX_KEY_BYTES = 32
MAX_VALUE_BYTES = 96


def check_metadata(metadata: Metadata, *, max_keys: int) -> None:
    """Refuse what the FWSS contract would refuse; lengths count UTF-8 bytes.

    Raises:
        InvalidInput: too many keys, a key twice, or a key or value that is too long.
    """
    keys = [key for key, _ in metadata]
    if len(keys) > max_keys:
        raise InvalidInput(f"at most {max_keys} metadata keys are allowed, not {len(keys)}")
    if len(set(keys)) != len(keys):
        raise InvalidInput("a metadata key is given twice")
    for key, value in metadata:
        if not 0 < len(key.encode()) <= MAX_KEY_BYTES:
            raise InvalidInput(f"a metadata key has 1 to {MAX_KEY_BYTES} bytes: {key[:64]!r}")
        if len(value.encode()) > MAX_VALUE_BYTES:
            raise InvalidInput(f"the metadata value of {key!r} exceeds {MAX_VALUE_BYTES} bytes")


def keys_of(metadata: Metadata) -> list[str]:
    """Return the keys in order."""
    return [key for key, _ in metadata]


def values_of(metadata: Metadata) -> list[str]:
    """Return the values in the order of their keys."""
    return [value for _, value in metadata]
