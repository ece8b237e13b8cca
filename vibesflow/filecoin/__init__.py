"""A client of Filecoin Onchain Cloud: PieceCIDs, storage providers, signed commits.

It knows nothing of streams, workflows or tables and could stand as a package of its own.
"""

from vibesflow.filecoin.client import FilecoinClient
from vibesflow.filecoin.commit_request import (
    MAX_COMMIT_PIECES,
    CommitRequest,
    Committed,
    PieceToAdd,
    Submitted,
)
from vibesflow.filecoin.devnet_info import DevnetInfo, load_devnet
from vibesflow.filecoin.keys import Signer
from vibesflow.filecoin.networks import Network, network_of
from vibesflow.filecoin.piece_cid import MAX_PIECE_BYTES, MIN_PIECE_BYTES, PieceCid
from vibesflow.filecoin.piece_hasher import PieceHasher, piece_cid_of
from vibesflow.filecoin.registry import ProviderInfo

__all__ = [
    "MAX_COMMIT_PIECES",
    "MAX_PIECE_BYTES",
    "MIN_PIECE_BYTES",
    "CommitRequest",
    "Committed",
    "DevnetInfo",
    "FilecoinClient",
    "Network",
    "PieceCid",
    "PieceHasher",
    "PieceToAdd",
    "ProviderInfo",
    "Signer",
    "Submitted",
    "load_devnet",
    "network_of",
    "piece_cid_of",
]
