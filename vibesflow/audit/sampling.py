"""Which pieces a round looks at: the same ones however often it is asked, others in each round."""

from __future__ import annotations

import hashlib

_SCALE = 2**64


def in_sample(round_id: str, piece_cid: str, share: float) -> bool:
    """Tell whether a round looks at a piece.

    The answer follows from the names alone, so that a step which is repeated looks at the same
    pieces, and over many rounds every piece has its turn.

    Args:
        round_id: name of the round.
        piece_cid: the piece.
        share: 0 for none to 1 for all.
    """
    digest = hashlib.sha256(f"{round_id}/{piece_cid}".encode()).digest()
    return int.from_bytes(digest[:8], "big") < share * _SCALE
