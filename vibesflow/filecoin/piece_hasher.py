"""Computing PieceCIDs while bytes stream through, with the standard library alone.

A payload is cut into quads of 127 bytes. Padding (Fr32) spreads each quad over four leaves of
254 bits; a binary tree of SHA-256, two bits cut off every node, ends in the root (FRC-0069).
The stream is worked on in segments of 512 quads: the root of each becomes one bit of a binary
counter, so the state stays small however long the payload is.
"""

from __future__ import annotations

import hashlib
import struct

from vibesflow.filecoin.piece_cid import LEAF_BYTES, MAX_HEIGHT, MIN_HEIGHT, QUAD_BYTES, PieceCid

SEGMENT_QUADS = 512
SEGMENT_BYTES = SEGMENT_QUADS * QUAD_BYTES
"""Payload bytes that are hashed at once: 65,024."""

_PADDED_QUAD_BYTES = 128
_LEAF_BITS = 254
_SEGMENT_HEIGHT = (4 * SEGMENT_QUADS).bit_length() - 1
_CLEAR_TOP_TWO_BITS = bytes(value & 0x3F for value in range(256))


def _in_every_quad(mask: int) -> int:
    """Repeat a mask of one padded quad over a segment, all in one integer."""
    return int.from_bytes(mask.to_bytes(_PADDED_QUAD_BYTES, "little") * SEGMENT_QUADS, "little")


_LIMB = (1 << _LEAF_BITS) - 1
_UPPER_LIMBS = _in_every_quad((_LIMB << 2 * _LEAF_BITS) | (_LIMB << 3 * _LEAF_BITS))
_ODD_LIMBS = _in_every_quad((_LIMB << _LEAF_BITS) | (_LIMB << 512 + _LEAF_BITS))


def _parents(nodes: bytes) -> bytes:
    sha256 = hashlib.sha256
    pairs = struct.unpack("64s" * (len(nodes) // 64), nodes)
    row = bytearray(b"".join([sha256(pair).digest() for pair in pairs]))
    row[31::LEAF_BYTES] = row[31::LEAF_BYTES].translate(_CLEAR_TOP_TWO_BITS)
    return bytes(row)


def _zero_commitments() -> tuple[bytes, ...]:
    zeros = [bytes(LEAF_BYTES)]
    while len(zeros) <= MAX_HEIGHT:
        zeros.append(_parents(zeros[-1] * 2))
    return tuple(zeros)


_ZEROS = _zero_commitments()


def _pad(payload: bytes) -> bytes:
    """Fr32: whole quads in, 128 bytes for each out.

    All quads of the segment are widened at once, as one integer, which is faster than any loop
    over quads: the two upper limbs of each move up by four bits (15 times a field added to
    itself), then the odd limbs by two (3 times).
    """
    quads = [payload[at : at + QUAD_BYTES] for at in range(0, len(payload), QUAD_BYTES)]
    wide = b"\0".join(quads) + b"\0"
    bits = int.from_bytes(wide, "little")
    bits += 15 * (bits & _UPPER_LIMBS)
    bits += 3 * (bits & _ODD_LIMBS)
    return bits.to_bytes(len(wide), "little")


def _tree_root(payload: bytes, height: int) -> bytes:
    """Root of the tree of that height over a payload of at most one segment."""
    row = _pad(payload + bytes(-len(payload) % QUAD_BYTES))
    for level in range(height):
        if len(row) % (2 * LEAF_BYTES):
            row += _ZEROS[level]
        row = _parents(row)
    return row


def _height_of(size: int) -> int:
    quads = -(-size // QUAD_BYTES)
    return MIN_HEIGHT + max(quads - 1, 0).bit_length()


class PieceHasher:
    """Computes the PieceCID of bytes that arrive in any portions.

    It holds one segment and one root per tree level: about 130 KB while it works. Portions are
    hashed on the calling thread at some 70 MB/s; feed it portions of at most 256 KiB on an event
    loop.
    """

    __slots__ = ("_counter", "_pending", "_size")

    def __init__(self) -> None:
        self._pending = bytearray()
        self._counter: list[bytes | None] = []
        self._size = 0

    @property
    def size(self) -> int:
        """Bytes seen so far."""
        return self._size

    def update(self, data: bytes | bytearray | memoryview) -> None:
        """Take the next portion of the payload, of any length."""
        view = memoryview(data).cast("B")
        self._size += len(view)
        taken = 0
        while len(self._pending) + len(view) - taken >= SEGMENT_BYTES:
            end = taken + SEGMENT_BYTES - len(self._pending)
            segment = bytes(self._pending) + bytes(view[taken:end])
            self._pending.clear()
            self._count(_tree_root(segment, _SEGMENT_HEIGHT))
            taken = end
        self._pending += view[taken:]

    def copy(self) -> PieceHasher:
        """Return an independent hasher that has seen the same bytes."""
        twin = PieceHasher()
        twin._pending = bytearray(self._pending)
        twin._counter = list(self._counter)
        twin._size = self._size
        return twin

    def piece_cid(self) -> PieceCid:
        """Return the PieceCID of the bytes seen so far; more may follow.

        It is defined for any length, although providers take no payload under
        `MIN_PIECE_BYTES` or over `MAX_PIECE_BYTES`.
        """
        height = _height_of(self._size)
        if not self._counter:
            root = _tree_root(bytes(self._pending) or bytes(QUAD_BYTES), height)
        else:
            root = self._fold(height)
        return PieceCid.for_payload(self._size, height, root)

    def _count(self, root: bytes) -> None:
        """Add one to the binary counter whose digits are roots of full subtrees."""
        for digit, held in enumerate(self._counter):
            if held is None:
                self._counter[digit] = root
                return
            self._counter[digit] = None
            root = _parents(held + root)
        self._counter.append(root)

    def _fold(self, height: int) -> bytes:
        """Join the counter's digits, the unfinished segment and zeros into one root."""
        right = _tree_root(bytes(self._pending), _SEGMENT_HEIGHT) if self._pending else None
        for digit in range(height - _SEGMENT_HEIGHT):
            left = self._counter[digit] if digit < len(self._counter) else None
            if left is not None:
                right = _parents(left + (right or _ZEROS[_SEGMENT_HEIGHT + digit]))
            elif right is not None:
                right = _parents(right + _ZEROS[_SEGMENT_HEIGHT + digit])
        return right or self._top()

    def _top(self) -> bytes:
        """The only digit of a payload that fills its tree."""
        return b"".join(root for root in self._counter if root is not None)


def piece_cid_of(data: bytes) -> PieceCid:
    """Return the PieceCID of bytes held in memory."""
    hasher = PieceHasher()
    hasher.update(data)
    return hasher.piece_cid()
