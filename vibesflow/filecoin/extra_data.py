"""The signed blobs that providers hand to the contracts for us (plain ABI encoding)."""

from __future__ import annotations

from collections.abc import Sequence

from eth_abi.abi import encode

from vibesflow.filecoin.commit_request import PieceToAdd
from vibesflow.filecoin.metadata import Metadata, keys_of, values_of


def create_extra_data(
    payer: str, client_data_set_id: int, metadata: Metadata, signature: bytes
) -> bytes:
    """Encode the permission to create a data set."""
    return encode(
        ["address", "uint256", "string[]", "string[]", "bytes"],
        [payer, client_data_set_id, keys_of(metadata), values_of(metadata), signature],
    )


def add_extra_data(nonce: int, pieces: Sequence[PieceToAdd], signature: bytes) -> bytes:
    """Encode the permission to add pieces; one list of keys and of values a piece."""
    return encode(
        ["uint256", "string[][]", "string[][]", "bytes"],
        [
            nonce,
            [keys_of(piece.metadata) for piece in pieces],
            [values_of(piece.metadata) for piece in pieces],
            signature,
        ],
    )


def create_and_add_extra_data(create: bytes, add: bytes) -> bytes:
    """Join both permissions, so that one transaction creates the set and adds the pieces."""
    return encode(["bytes", "bytes"], [create, add])


def signature_extra_data(signature: bytes) -> bytes:
    """Encode the permission to remove pieces or to end a service: the signature alone."""
    return encode(["bytes"], [signature])
