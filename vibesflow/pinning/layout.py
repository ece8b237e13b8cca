"""How a file becomes blocks of IPFS, so that we can tell its CID from the bytes (UnixFS, dag-pb).

A file of one block is that block, raw. A longer one is a balanced tree: raw leaves of equal size,
and above them dag-pb nodes that list their children with sizes. Block size and width are the
importer's choice; `LAYOUTS` has those that are in use.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

_SHA2_256: Final = b"\x12\x20"
_RAW: Final = b"\x01\x55"
_DAG_PB: Final = b"\x01\x70"
_FILE: Final = 2


@dataclass(frozen=True, slots=True)
class Layout:
    """An importer's choice.

    Attributes:
        leaf_bytes: size of every block but the last.
        width: most children of a node.
    """

    leaf_bytes: int
    width: int


LAYOUTS: Final = (
    Layout(256 * 1024, 174),
    Layout(1024 * 1024, 1024),
    Layout(1024 * 1024, 174),
)


@dataclass(frozen=True, slots=True)
class Block:
    """A block of a file's tree.

    Attributes:
        cid: binary CID, version 1.
        file_bytes: bytes of the file below it.
        total_bytes: bytes of all blocks below it, its own included.
        node: the block itself if it is a node; empty for a leaf, whose bytes are the file's own.
    """

    cid: bytes
    file_bytes: int
    total_bytes: int
    node: bytes = b""

    @property
    def text(self) -> str:
        """The CID as text."""
        return "b" + base64.b32encode(self.cid).decode("ascii").rstrip("=").lower()


class FileHasher:
    """Computes a file's CID under one layout while its bytes pass by, in constant memory."""

    def __init__(self, layout: Layout) -> None:
        self._layout = layout
        self._leaves: list[Block] = []
        self._hash = hashlib.sha256()
        self._filled = 0

    def update(self, data: bytes) -> None:
        """Take the next bytes."""
        rest = memoryview(data)
        while rest:
            part = rest[: self._layout.leaf_bytes - self._filled]
            self._hash.update(part)
            self._filled += len(part)
            rest = rest[len(part) :]
            if self._filled == self._layout.leaf_bytes:
                self._end_leaf()

    def blocks(self) -> list[Block]:
        """Return every block of the tree, the leaves in order first and the root last."""
        if self._filled or not self._leaves:
            self._end_leaf()
        found = list(self._leaves)
        level = self._leaves
        while len(level) > 1:
            level = [_parent(children) for children in self._groups(level)]
            found += level
        return found

    def _groups(self, level: Sequence[Block]) -> Iterator[Sequence[Block]]:
        width = self._layout.width
        return (level[at : at + width] for at in range(0, len(level), width))

    def _end_leaf(self) -> None:
        cid = _RAW + _SHA2_256 + self._hash.digest()
        self._leaves.append(Block(cid, self._filled, self._filled))
        self._hash, self._filled = hashlib.sha256(), 0


def _parent(children: Sequence[Block]) -> Block:
    links = b"".join(_field(2, _link(child)) for child in children)
    file_bytes = sum(child.file_bytes for child in children)
    facts = [_number(1, _FILE), _number(3, file_bytes)]
    facts += [_number(4, child.file_bytes) for child in children]
    node = links + _field(1, b"".join(facts))
    cid = _DAG_PB + _SHA2_256 + hashlib.sha256(node).digest()
    return Block(cid, file_bytes, len(node) + sum(c.total_bytes for c in children), node)


def _link(child: Block) -> bytes:
    return _field(1, child.cid) + _field(2, b"") + _number(3, child.total_bytes)


def _field(number: int, content: bytes) -> bytes:
    return _varint(number << 3 | 2) + _varint(len(content)) + content


def _number(number: int, value: int) -> bytes:
    return _varint(number << 3) + _varint(value)


def _varint(value: int) -> bytes:
    encoded = bytearray()
    while value > 0x7F:
        encoded.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*encoded, value])
