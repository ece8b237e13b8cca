from __future__ import annotations

import pytest

from tests.filecoin.piece_vectors import ramp
from vibesflow.errors import InvalidInput, InvalidPieceCid
from vibesflow.filecoin import MAX_COMMIT_PIECES, CommitRequest, PieceToAdd, piece_cid_of
from vibesflow.filecoin.metadata import Metadata

CIDS = [piece_cid_of(ramp(127 + n)).text for n in range(MAX_COMMIT_PIECES + 1)]


def _request(cids: list[str], nonce: int = 1) -> CommitRequest:
    return CommitRequest(provider_id=1, nonce=nonce, pieces=tuple(PieceToAdd(c) for c in cids))


@pytest.mark.parametrize("count", [1, MAX_COMMIT_PIECES])
def test_one_to_forty_pieces(count: int) -> None:
    assert len(_request(CIDS[:count]).distinct_pieces) == count


@pytest.mark.parametrize("count", [0, MAX_COMMIT_PIECES + 1])
def test_no_fewer_and_no_more(count: int) -> None:
    with pytest.raises(InvalidInput, match="1 to 40 pieces"):
        _request(CIDS[:count])


@pytest.mark.parametrize("nonce", [-1, 2**256])
def test_a_nonce_is_a_uint256(nonce: int) -> None:
    with pytest.raises(InvalidInput, match="256 bits"):
        _request(CIDS[:1], nonce)


def test_a_repeated_cid_counts_once_and_its_first_metadata_stand() -> None:
    first = PieceToAdd(CIDS[0], (("n", "1"),))
    request = CommitRequest(1, 1, (first, PieceToAdd(CIDS[1]), PieceToAdd(CIDS[0])))
    assert request.distinct_pieces == (first, PieceToAdd(CIDS[1]))


def test_a_piece_needs_a_piece_cid() -> None:
    with pytest.raises(InvalidPieceCid):
        PieceToAdd("bafybeigdyrzt5sfp7udm7hu76uh7y26nf3efuylqabf3oclgtqy55fbzdi")


@pytest.mark.parametrize(
    ("metadata", "why"),
    [
        ((("a", ""), ("b", ""), ("c", ""), ("d", "")), "at most 3"),
        ((("a", "1"), ("a", "2")), "twice"),
        ((("", "x"),), "1 to 32 bytes"),
        ((("k" * 33, ""),), "1 to 32 bytes"),
        ((("\N{EIGHTH NOTE}" * 11, ""),), "1 to 32 bytes"),
        ((("k", "\N{EIGHTH NOTE}" * 33),), "exceeds 96 bytes"),
    ],
)
def test_metadata_limits_count_bytes(metadata: Metadata, why: str) -> None:
    with pytest.raises(InvalidInput, match=why):
        PieceToAdd(CIDS[0], metadata)


def test_metadata_up_to_the_limits() -> None:
    longest = (("\N{EIGHTH NOTE}" * 10 + "kk", "\N{EIGHTH NOTE}" * 32), ("b", ""), ("c", ""))
    assert PieceToAdd(CIDS[0], longest).metadata == longest
