"""Calls to the contracts, as bytes: PDPVerifier, and the warm storage service (FWSS) beside it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from eth_abi.abi import encode
from eth_utils.abi import function_signature_to_4byte_selector
from eth_utils.crypto import keccak

from vibesflow.filecoin import PieceCid

NO_ADDRESS = "0x" + "00" * 20
_ADD = ("addPieces", ("uint256", "address", "(bytes)[]", "bytes"))


def _topic(signature: str) -> str:
    return "0x" + keccak(text=signature).hex()


DATA_SET_CREATED = _topic("DataSetCreated(uint256,address)")
"""Event of PDPVerifier: ``topics[1]`` is the new data set."""
PIECE_ADDED = _topic("PieceAdded(uint256,uint256,(bytes),string[],string[])")
"""Event of FWSS, one a piece in order: ``topics[2]`` is the piece id."""
PIECES_REMOVED = _topic("PiecesRemoved(uint256,uint256[])")
"""Event of PDPVerifier: the data lists the ids of pieces that are gone."""


@dataclass(frozen=True)
class Call:
    """What a transaction asks of a contract.

    Attributes:
        to: the contract.
        data: selector and arguments.
        value: attoFIL that come along.
    """

    to: str
    data: bytes
    value: int = 0


def call(to: str, name: str, types: Sequence[str], *arguments: object, value: int = 0) -> Call:
    """Encode a call of the function with this name and these argument types."""
    selector = function_signature_to_4byte_selector(f"{name}({','.join(types)})")
    return Call(to, selector + encode(types, arguments), value)


def create_data_set(verifier: str, keeper: str, extra: bytes, deposit: int) -> Call:
    """Create an empty data set."""
    types = ("address", "bytes")
    return call(verifier, "createDataSet", types, keeper, extra, value=deposit)


def create_and_add(
    verifier: str, keeper: str, pieces: Sequence[PieceCid], extra: bytes, deposit: int
) -> Call:
    """Create a data set and add its first pieces in one transaction."""
    return call(verifier, *_ADD, 0, keeper, _cids(pieces), extra, value=deposit)


def add_pieces(verifier: str, data_set_id: int, pieces: Sequence[PieceCid], extra: bytes) -> Call:
    """Add pieces to a data set."""
    return call(verifier, *_ADD, data_set_id, NO_ADDRESS, _cids(pieces), extra)


def delete_pieces(verifier: str, data_set_id: int, piece_ids: Sequence[int], extra: bytes) -> Call:
    """Schedule pieces for removal."""
    types = ("uint256", "uint256[]", "bytes")
    return call(verifier, "schedulePieceDeletions", types, data_set_id, piece_ids, extra)


def terminate(fwss: str, data_set_id: int, extra: bytes) -> Call:
    """Terminate the service of a data set with the payer's consent."""
    return call(fwss, "terminateService", ("uint256", "bytes"), data_set_id, extra)


def _cids(pieces: Sequence[PieceCid]) -> list[tuple[bytes]]:
    return [(piece.to_bytes(),) for piece in pieces]
