"""The detail of a completed stream as immutable, compressed parts.

A part is a JSON list of its own, cut where the uncompressed text would pass the limit. So the cut
depends on the rows alone and not on somebody's zlib, and parts of two attempts at one completion
fit together.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterator, Sequence

from pydantic import TypeAdapter

from vibesflow.ledger.codec import SNAPSHOT_PREFIX
from vibesflow.stream.records import ChunkDetail

PART_BYTES = 350_000
"""Below the 400 KB of an item, even if nothing could be compressed."""

_DETAILS = TypeAdapter(tuple[ChunkDetail, ...])


def part_key(rev: int, part: int) -> str:
    """Return the range key of a part of the snapshot that was taken at ``rev``."""
    return f"{SNAPSHOT_PREFIX}{rev:010d}#{part:03d}"


def pack(details: Sequence[ChunkDetail]) -> list[bytes]:
    """Return the parts of a snapshot; at least one."""
    texts = [
        json.dumps(detail.model_dump(exclude_defaults=True), separators=(",", ":"), sort_keys=True)
        for detail in details
    ]
    return [zlib.compress(f"[{','.join(part)}]".encode(), 9) for part in _cut(texts)]


def unpack(parts: Sequence[bytes]) -> tuple[ChunkDetail, ...]:
    """Read all parts of a snapshot, given in order."""
    return tuple(
        detail for part in parts for detail in _DETAILS.validate_json(zlib.decompress(part))
    )


def _cut(texts: Sequence[str]) -> Iterator[list[str]]:
    part: list[str] = []
    size = 0
    for text in texts:
        if part and size + len(text) + 1 > PART_BYTES:
            yield part
            part, size = [], 0
        part.append(text)
        size += len(text) + 1
    yield part
