"""A client of Filecoin Onchain Cloud: PieceCIDs, storage providers, signed commits.

It knows nothing of streams, workflows or tables and could stand as a package of its own.
"""

from vibesflow.filecoin.piece_cid import MAX_PIECE_BYTES, MIN_PIECE_BYTES, PieceCid
from vibesflow.filecoin.piece_hasher import PieceHasher, piece_cid_of

__all__ = [
    "MAX_PIECE_BYTES",
    "MIN_PIECE_BYTES",
    "PieceCid",
    "PieceHasher",
    "piece_cid_of",
]
