"""PieceCID v2 once more, written straight from FRC-0069 and slow: big integers, whole layers.

Nothing of the project is used here, so agreement means something.
"""

from __future__ import annotations

import base64
import hashlib

QUAD_BYTES = 127
LIMB_BITS = 254


def piece_cid(payload: bytes) -> str:
    quads = 1
    while quads * QUAD_BYTES < len(payload):
        quads *= 2
    padding = quads * QUAD_BYTES - len(payload)
    layer = _leaves(payload + bytes(padding))
    height = 0
    while len(layer) > 1:
        layer = [_parent(left, right) for left, right in zip(layer[::2], layer[1::2], strict=True)]
        height += 1
    digest = _uvarint(padding) + bytes([height]) + layer[0]
    cid = bytes.fromhex("01559120") + _uvarint(len(digest)) + digest
    return "b" + base64.b32encode(cid).decode().rstrip("=").lower()


def _leaves(padded: bytes) -> list[bytes]:
    leaves = []
    for start in range(0, len(padded), QUAD_BYTES):
        bits = int.from_bytes(padded[start : start + QUAD_BYTES], "little")
        for _ in range(4):
            leaves.append((bits % 2**LIMB_BITS).to_bytes(32, "little"))
            bits >>= LIMB_BITS
    return leaves


def _parent(left: bytes, right: bytes) -> bytes:
    node = bytearray(hashlib.sha256(left + right).digest())
    node[31] &= 0x3F
    return bytes(node)


def _uvarint(number: int) -> bytes:
    encoded = bytearray()
    while number > 0x7F:
        encoded.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes([*encoded, number])
