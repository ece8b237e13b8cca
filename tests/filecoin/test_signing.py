from __future__ import annotations

import pytest
from eth_account.messages import encode_typed_data
from eth_utils.address import to_checksum_address
from eth_utils.crypto import keccak
from hypothesis import given
from hypothesis import strategies as st

from tests.filecoin import signing_vectors as known
from tests.filecoin.piece_vectors import ramp
from vibesflow.filecoin import PieceToAdd, piece_cid_of, signing
from vibesflow.filecoin.networks import CALIBRATION
from vibesflow.filecoin.typed_data import Domain, type_hash


@pytest.mark.parametrize("name", known.TYPE_HASHES)
def test_type_hashes(name: str) -> None:
    assert type_hash(getattr(signing, name)).hex() == known.TYPE_HASHES[name]


def test_create_data_set() -> None:
    digest = signing.create_data_set_digest(
        known.DOMAIN,
        client_data_set_id=known.CLIENT_DATA_SET_ID,
        payee=known.PAYEE,
        metadata=known.METADATA,
    )
    assert digest.hex() == known.CREATE_DIGEST
    assert known.SIGNER.sign_digest(digest).hex() == known.CREATE_SIGNATURE


def test_add_pieces() -> None:
    digest = signing.add_pieces_digest(
        known.DOMAIN,
        client_data_set_id=known.CLIENT_DATA_SET_ID,
        nonce=known.NONCE,
        pieces=known.PIECES,
    )
    assert digest.hex() == known.ADD_DIGEST
    assert known.SIGNER.sign_digest(digest).hex() == known.ADD_SIGNATURE


def test_schedule_piece_removals() -> None:
    digest = signing.schedule_piece_removals_digest(
        known.DOMAIN, client_data_set_id=known.CLIENT_DATA_SET_ID, piece_ids=[0, 3]
    )
    assert digest.hex() == known.REMOVALS_DIGEST


def test_terminate_service() -> None:
    digest = signing.terminate_service_digest(known.DOMAIN, data_set_id=42)
    assert digest.hex() == known.TERMINATE_DIGEST


def test_permit() -> None:
    digest = signing.permit_digest(
        Domain("USDFC", "1", CALIBRATION.chain_id, known.USDFC),
        owner=known.SIGNER_ADDRESS,
        spender=known.FILECOIN_PAY,
        value=10**18,
        nonce=0,
        deadline_s=1_900_000_000,
    )
    assert digest.hex() == known.PERMIT_DIGEST


_UINTS = st.integers(0, 2**256 - 1)
_WORDS = st.text(max_size=20)
_METADATA = st.lists(st.tuples(_WORDS, _WORDS), max_size=4).map(tuple)
_ADDRESSES = st.binary(min_size=20, max_size=20).map(to_checksum_address)
_PAIRS = [{"name": "key", "type": "string"}, {"name": "value", "type": "string"}]


def _entries(metadata: tuple[tuple[str, str], ...]) -> list[dict[str, str]]:
    return [{"key": key, "value": value} for key, value in metadata]


def _reference(types: dict[str, list[dict[str, str]]], message: dict[str, object]) -> bytes:
    """The digest as eth-account computes it."""
    domain = {
        "name": "FilecoinWarmStorageService",
        "version": "1",
        "chainId": CALIBRATION.chain_id,
        "verifyingContract": CALIBRATION.fwss,
    }
    signable = encode_typed_data(domain, types, message)
    return keccak(b"\x19" + signable.version + signable.header + signable.body)


@given(_UINTS, _ADDRESSES, _METADATA)
def test_any_creation_is_hashed_as_eth_account_does(
    number: int, payee: str, metadata: tuple[tuple[str, str], ...]
) -> None:
    types = {
        "CreateDataSet": [
            {"name": "clientDataSetId", "type": "uint256"},
            {"name": "payee", "type": "address"},
            {"name": "metadata", "type": "MetadataEntry[]"},
        ],
        "MetadataEntry": _PAIRS,
    }
    message = {"clientDataSetId": number, "payee": payee, "metadata": _entries(metadata)}
    assert signing.create_data_set_digest(
        known.DOMAIN, client_data_set_id=number, payee=payee, metadata=metadata
    ) == _reference(types, message)


@given(
    _UINTS,
    _UINTS,
    st.lists(st.tuples(st.integers(127, 400), st.booleans()), min_size=1, max_size=5),
)
def test_any_addition_is_hashed_as_eth_account_does(
    number: int, nonce: int, shapes: list[tuple[int, bool]]
) -> None:
    pieces = [
        PieceToAdd(piece_cid_of(ramp(size)).text, (("size", str(size)),) if named else ())
        for size, named in shapes
    ]
    types = {
        "AddPieces": [
            {"name": "clientDataSetId", "type": "uint256"},
            {"name": "nonce", "type": "uint256"},
            {"name": "pieceData", "type": "Cid[]"},
            {"name": "pieceMetadata", "type": "PieceMetadata[]"},
        ],
        "Cid": [{"name": "data", "type": "bytes"}],
        "MetadataEntry": _PAIRS,
        "PieceMetadata": [
            {"name": "pieceIndex", "type": "uint256"},
            {"name": "metadata", "type": "MetadataEntry[]"},
        ],
    }
    message = {
        "clientDataSetId": number,
        "nonce": nonce,
        "pieceData": [{"data": piece.cid_bytes} for piece in pieces],
        "pieceMetadata": [
            {"pieceIndex": index, "metadata": _entries(piece.metadata)}
            for index, piece in enumerate(pieces)
        ],
    }
    assert signing.add_pieces_digest(
        known.DOMAIN, client_data_set_id=number, nonce=nonce, pieces=pieces
    ) == _reference(types, message)
