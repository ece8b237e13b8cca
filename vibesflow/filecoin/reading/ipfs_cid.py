"""CIDs of IPFS content: version 0 and 1, UnixFS files and raw blocks, SHA-256."""

from __future__ import annotations

import base64
import binascii
import hashlib
from dataclasses import dataclass
from typing import Final

from vibesflow.errors import InvalidPieceCid

RAW: Final = 0x55
DAG_PB: Final = 0x70

_SHA2_256: Final = b"\x12\x20"
_DIGEST_BYTES: Final = 32
_V0_CHARACTERS: Final = 46
_BASE58: Final = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"


@dataclass(frozen=True, slots=True)
class IpfsCid:
    """A CID whose content is checked by SHA-256, block by block.

    Attributes:
        codec: `RAW` for plain bytes, `DAG_PB` for a node of a file's tree.
        digest: SHA-256 of the block, 32 bytes.
    """

    codec: int
    digest: bytes

    @classmethod
    def parse(cls, text: str) -> IpfsCid:
        """Read ``Qm...`` or ``baf...``.

        Raises:
            InvalidPieceCid: the text is no CID, or one with another codec or hash.
        """
        if text.startswith("Qm"):
            return cls.from_bytes(_decode_base58(text))
        return cls.from_bytes(_decode_base32(text))

    @classmethod
    def from_bytes(cls, data: bytes) -> IpfsCid:
        """Read the binary form, as links between blocks hold it.

        Raises:
            InvalidPieceCid: it is anything else.
        """
        if data[:2] == _SHA2_256:
            codec, multihash = DAG_PB, data
        else:
            codec, multihash = data[1] if len(data) > 1 else 0, data[2:]
            if data[:1] != b"\x01" or codec not in {RAW, DAG_PB}:
                raise InvalidPieceCid("not the CID of a file: it is not version 1, raw or dag-pb")
        if multihash[:2] != _SHA2_256 or len(multihash) != len(_SHA2_256) + _DIGEST_BYTES:
            raise InvalidPieceCid("the CID's hash is not SHA-256")
        return cls(codec, multihash[2:])

    @property
    def text(self) -> str:
        """The text form of version 1, whichever was parsed."""
        data = bytes([1, self.codec]) + _SHA2_256 + self.digest
        return "b" + base64.b32encode(data).decode("ascii").rstrip("=").lower()

    def names(self, block: bytes) -> bool:
        """Tell whether this is the CID of a block."""
        return hashlib.sha256(block).digest() == self.digest

    def __str__(self) -> str:
        return self.text


def _decode_base32(text: str) -> bytes:
    body = text[1:]
    if not body.isascii() or body != body.lower() or "=" in body:
        raise InvalidPieceCid("not a CID: it is not lower-case base32 after a 'b'")
    try:
        return base64.b32decode(body.upper() + "=" * (-len(body) % 8))
    except binascii.Error as error:
        raise InvalidPieceCid("not a CID: it is not base32") from error


def _decode_base58(text: str) -> bytes:
    if len(text) != _V0_CHARACTERS:
        raise InvalidPieceCid(f"a CID of version 0 has {_V0_CHARACTERS} characters")
    value = 0
    for character in text:
        digit = _BASE58.find(character)
        if digit < 0:
            raise InvalidPieceCid("not a CID: it is not base58")
        value = value * len(_BASE58) + digit
    return value.to_bytes(len(_SHA2_256) + _DIGEST_BYTES, "big")
