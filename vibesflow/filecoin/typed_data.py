"""EIP-712: hashing structured data into the 32 bytes that are signed.

A struct is hashed as its type hash followed by one 32-byte word a field; the functions here make
those words.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from eth_utils.crypto import keccak

_DOMAIN_TYPE = "EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"


@dataclass(frozen=True, slots=True)
class Domain:
    """Whom a signature is meant for: one contract on one chain."""

    name: str
    version: str
    chain_id: int
    verifying_contract: str

    @property
    def separator(self) -> bytes:
        """Hash of the domain, 32 bytes."""
        return struct(
            _DOMAIN_TYPE,
            text(self.name),
            text(self.version),
            uint(self.chain_id),
            address(self.verifying_contract),
        )


def type_hash(encoded_type: str) -> bytes:
    """Hash a full type string; FWSS names session-key permissions by these hashes too."""
    return keccak(text=encoded_type)


def struct(encoded_type: str, *words: bytes) -> bytes:
    """Hash one struct from its full type string and its fields' words."""
    return keccak(type_hash(encoded_type) + b"".join(words))


def array(words: Iterable[bytes]) -> bytes:
    """Word of an array, from its elements' words."""
    return keccak(b"".join(words))


def text(value: str) -> bytes:
    """Word of a string."""
    return keccak(text=value)


def octets(value: bytes) -> bytes:
    """Word of a byte string of any length."""
    return keccak(value)


def uint(value: int) -> bytes:
    """Word of an unsigned integer of up to 256 bits."""
    return value.to_bytes(32, "big")


def address(value: str) -> bytes:
    """Word of an address in hex."""
    return bytes.fromhex(value.removeprefix("0x")).rjust(32, b"\0")


def digest(domain: Domain, struct_hash: bytes) -> bytes:
    """Return what is signed: 32 bytes that bind the struct to its domain."""
    return keccak(b"\x19\x01" + domain.separator + struct_hash)
