"""The messages that the FWSS contract and USDFC verify (EIP-712)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from vibesflow.filecoin import typed_data as word
from vibesflow.filecoin.commit_request import PieceToAdd
from vibesflow.filecoin.metadata import Metadata
from vibesflow.filecoin.typed_data import Domain, digest, struct

_METADATA_ENTRY = "MetadataEntry(string key,string value)"
_CID = "Cid(bytes data)"
_PIECE_METADATA = f"PieceMetadata(uint256 pieceIndex,MetadataEntry[] metadata){_METADATA_ENTRY}"

CREATE_DATA_SET = (
    "CreateDataSet(uint256 clientDataSetId,address payee,MetadataEntry[] metadata)"
    f"{_METADATA_ENTRY}"
)
ADD_PIECES = (
    "AddPieces(uint256 clientDataSetId,uint256 nonce,Cid[] pieceData,PieceMetadata[] pieceMetadata)"
    f"{_CID}{_METADATA_ENTRY}PieceMetadata(uint256 pieceIndex,MetadataEntry[] metadata)"
)
SCHEDULE_PIECE_REMOVALS = "SchedulePieceRemovals(uint256 clientDataSetId,uint256[] pieceIds)"
TERMINATE_SERVICE = "TerminateService(uint256 dataSetId)"
PERMIT = "Permit(address owner,address spender,uint256 value,uint256 nonce,uint256 deadline)"


def warm_storage_domain(chain_id: int, fwss: str) -> Domain:
    """Return the domain of everything that FWSS verifies."""
    return Domain("FilecoinWarmStorageService", "1", chain_id, fwss)


def create_data_set_digest(
    domain: Domain, *, client_data_set_id: int, payee: str, metadata: Metadata
) -> bytes:
    """Digest that allows a data set to be created and paid.

    Args:
        domain: see `warm_storage_domain`.
        client_data_set_id: our own number of the set, usable once per payer.
        payee: the provider's *payee* in the registry, which may differ from its address.
        metadata: pairs in the order in which they are sent.
    """
    message = struct(
        CREATE_DATA_SET,
        word.uint(client_data_set_id),
        word.address(payee),
        _metadata_word(metadata),
    )
    return digest(domain, message)


def add_pieces_digest(
    domain: Domain, *, client_data_set_id: int, nonce: int, pieces: Sequence[PieceToAdd]
) -> bytes:
    """Digest that allows these pieces, in this order, to be added once."""
    message = struct(
        ADD_PIECES,
        word.uint(client_data_set_id),
        word.uint(nonce),
        word.array(struct(_CID, word.octets(piece.cid_bytes)) for piece in pieces),
        word.array(
            struct(_PIECE_METADATA, word.uint(index), _metadata_word(piece.metadata))
            for index, piece in enumerate(pieces)
        ),
    )
    return digest(domain, message)


def schedule_piece_removals_digest(
    domain: Domain, *, client_data_set_id: int, piece_ids: Iterable[int]
) -> bytes:
    """Digest that allows pieces to be removed at the next proving period."""
    ids = word.array(word.uint(piece_id) for piece_id in piece_ids)
    return digest(domain, struct(SCHEDULE_PIECE_REMOVALS, word.uint(client_data_set_id), ids))


def terminate_service_digest(domain: Domain, *, data_set_id: int) -> bytes:
    """Digest that allows the provider to end a data set's service."""
    return digest(domain, struct(TERMINATE_SERVICE, word.uint(data_set_id)))


def permit_digest(
    token: Domain, *, owner: str, spender: str, value: int, nonce: int, deadline_s: int
) -> bytes:
    """Digest of an EIP-2612 permit; the token's name and version come from the token itself."""
    message = struct(
        PERMIT,
        word.address(owner),
        word.address(spender),
        word.uint(value),
        word.uint(nonce),
        word.uint(deadline_s),
    )
    return digest(token, message)


def _metadata_word(metadata: Metadata) -> bytes:
    return word.array(
        struct(_METADATA_ENTRY, word.text(key), word.text(value)) for key, value in metadata
    )
