"""Pieces made of sub-pieces: the CommP of several trees side by side."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from itertools import pairwise

from vibesflow.filecoin import PieceCid


def fits(parent: PieceCid, parts: Sequence[PieceCid]) -> bool:
    """Whether sub-pieces, in descending padded size, make up exactly this parent."""
    ordered = all(left.height >= right.height for left, right in pairwise(parts))
    raw_size = sum(part.raw_size for part in parts)
    return ordered and raw_size == parent.raw_size and _join(parts) == (parent.height, parent.root)


def offsets(parts: Sequence[PieceCid]) -> list[int]:
    """Where each sub-piece begins in the padded parent, in bytes."""
    starts, at = [], 0
    for part in parts:
        starts.append(at)
        at += part.padded_size
    return starts


def _join(parts: Sequence[PieceCid]) -> tuple[int, bytes]:
    """Height and root of the smallest tree over the parts, filled up with zeros.

    In descending size every part begins at a multiple of its own size, so a stack in which equal
    neighbours merge is enough.
    """
    stack: list[tuple[int, bytes]] = []
    for part in parts:
        _push(stack, part.height, part.root)
    while len(stack) > 1:
        height, _ = stack[-1]
        _push(stack, height, _zeros(height))
    return stack[0]


def _push(stack: list[tuple[int, bytes]], height: int, root: bytes) -> None:
    while stack and stack[-1][0] == height:
        root = _parent(stack.pop()[1], root)
        height += 1
    stack.append((height, root))


def _zeros(height: int) -> bytes:
    node = bytes(32)
    for _ in range(height):
        node = _parent(node, node)
    return node


def _parent(left: bytes, right: bytes) -> bytes:
    digest = bytearray(hashlib.sha256(left + right).digest())
    digest[31] &= 0x3F
    return bytes(digest)
