"""PieceCID v2: the name Filecoin gives to bytes, which carries their size (FRC-0069)."""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass

from vibesflow.errors import InvalidPieceCid

MIN_PIECE_BYTES = 127
"""Smallest payload that providers take (Curio PDP API)."""

MAX_PIECE_BYTES = 1_065_353_216
"""Largest payload that providers take: what fills 1 GiB once padded (Curio PDP API)."""

QUAD_BYTES = 127
"""Payload bytes that fill four tree leaves."""

LEAF_BYTES = 32
MIN_HEIGHT = 2
MAX_HEIGHT = 50
"""Highest tree that the PDPVerifier contract accepts."""

_PREFIX = bytes.fromhex("01559120")  # CIDv1, raw codec, multihash fr32-sha2-256-trunc254-padbintree
_V1_PREFIX = bytes.fromhex("0181e203922020")  # CIDv1, unsealed commitment, sha2-256-trunc254-padded
_V1_TEXT_START = "baga6ea4seaq"
_MAX_VARINT_BYTES = 9


@dataclass(frozen=True, slots=True)
class PieceCid:
    """A PieceCID v2, checked.

    Attributes:
        padding: zero bytes added to the payload before the tree was built.
        height: levels above the leaves; 2 for the smallest piece.
        root: root of the tree, 32 bytes.

    Raises:
        InvalidPieceCid: the parts contradict each other.
    """

    padding: int
    height: int
    root: bytes

    def __post_init__(self) -> None:
        if not MIN_HEIGHT <= self.height <= MAX_HEIGHT:
            raise InvalidPieceCid(f"a PieceCID has a height of {MIN_HEIGHT} to {MAX_HEIGHT}")
        if len(self.root) != LEAF_BYTES or self.root[-1] & 0xC0:
            raise InvalidPieceCid("a PieceCID ends in a 32-byte root whose top two bits are clear")
        if not 0 <= self.padding <= _capacity(self.height):
            raise InvalidPieceCid("a PieceCID cannot have more padding than its tree has room")

    @classmethod
    def parse(cls, text: str) -> PieceCid:
        """Read the text form, ``bafkzcib...``.

        Raises:
            InvalidPieceCid: the text is anything else, or spells a PieceCID in another way.
        """
        if text.startswith(_V1_TEXT_START):
            raise InvalidPieceCid("this is a piece CID v1, which does not carry the size")
        cid = cls.from_bytes(_decode_base32(text))
        if cid.text != text:
            raise InvalidPieceCid("the text has bits beyond its last byte")
        return cid

    @classmethod
    def from_bytes(cls, data: bytes) -> PieceCid:
        """Read the binary form, as contracts keep it.

        Raises:
            InvalidPieceCid: the bytes are anything else.
        """
        if data[: len(_PREFIX)] != _PREFIX:
            raise InvalidPieceCid("not a PieceCID v2: it begins with other codes")
        length, digest = _read_varint(data[len(_PREFIX) :])
        if length != len(digest):
            raise InvalidPieceCid("the length inside the PieceCID is not the length of its digest")
        padding, rest = _read_varint(digest)
        if len(rest) != 1 + LEAF_BYTES:
            raise InvalidPieceCid("a PieceCID's digest is padding, height and a 32-byte root")
        return cls(padding, rest[0], rest[1:])

    @classmethod
    def for_payload(cls, raw_size: int, height: int, root: bytes) -> PieceCid:
        """Build the PieceCID of ``raw_size`` bytes whose tree has this height and root."""
        return cls(_capacity(height) - raw_size, height, root)

    def to_bytes(self) -> bytes:
        """Return the binary form, as it is signed and kept on chain."""
        digest = _varint(self.padding) + bytes([self.height]) + self.root
        return _PREFIX + _varint(len(digest)) + digest

    @property
    def text(self) -> str:
        """The text form: multibase ``b``, lower-case base32 without padding."""
        return _encode_base32(self.to_bytes())

    @property
    def raw_size(self) -> int:
        """Length of the payload, in bytes."""
        return _capacity(self.height) - self.padding

    @property
    def padded_size(self) -> int:
        """Length of the padded piece, in bytes: a power of two."""
        return LEAF_BYTES << self.height

    def to_v1_text(self) -> str:
        """Return the older CID of the same tree, ``baga6ea4seaq...``; it has no size."""
        return _encode_base32(_V1_PREFIX + self.root)

    def __str__(self) -> str:
        return self.text


def padded_size_of(raw_size: int) -> int:
    """Return the padded length, in bytes, of a piece with a payload of ``raw_size`` bytes."""
    quads = max(1, -(-raw_size // QUAD_BYTES))
    return (LEAF_BYTES << MIN_HEIGHT) << (quads - 1).bit_length()


def _capacity(height: int) -> int:
    return QUAD_BYTES << (height - MIN_HEIGHT)


def _encode_base32(data: bytes) -> str:
    return "b" + base64.b32encode(data).decode("ascii").rstrip("=").lower()


def _decode_base32(text: str) -> bytes:
    body = text.removeprefix("b")
    if body == text or not body.isascii() or body != body.lower() or "=" in body:
        raise InvalidPieceCid("not a PieceCID v2: it is not lower-case base32 after a 'b'")
    try:
        return base64.b32decode(body.upper() + "=" * (-len(body) % 8))
    except binascii.Error as error:
        raise InvalidPieceCid("not a PieceCID v2: it is not base32") from error


def _varint(value: int) -> bytes:
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


def _read_varint(data: bytes) -> tuple[int, bytes]:
    value = 0
    for index, byte in enumerate(data[:_MAX_VARINT_BYTES]):
        value |= (byte & 0x7F) << (7 * index)
        if byte < 0x80:
            if byte == 0 and index > 0:
                raise InvalidPieceCid("a number inside the PieceCID is written too long")
            return value, data[index + 1 :]
    raise InvalidPieceCid("a number inside the PieceCID does not end")
