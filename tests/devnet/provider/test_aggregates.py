from __future__ import annotations

import os

import pytest

from devnet.provider.aggregates import fits, offsets
from vibesflow.filecoin import PieceCid, piece_cid_of


def _whole(size: int) -> bytes:
    return os.urandom(127 * size)


@pytest.mark.parametrize("quads", [(4, 4), (8, 4, 2, 2), (4, 2, 1, 1), (2, 1, 1), (16,)])
def test_parts_that_fill_their_trees_make_the_piece_of_their_bytes(quads: tuple[int, ...]) -> None:
    payloads = [_whole(size) for size in quads]
    parts = [piece_cid_of(payload) for payload in payloads]
    assert fits(piece_cid_of(b"".join(payloads)), parts)


@pytest.mark.parametrize("quads", [(4, 1), (8, 2, 2), (4, 2)])
def test_the_rest_of_the_tree_is_zeros(quads: tuple[int, ...]) -> None:
    payloads = [_whole(size) for size in quads]
    assert fits(piece_cid_of(b"".join(payloads)), [piece_cid_of(one) for one in payloads])


def test_a_plain_piece_is_its_own_part() -> None:
    cid = piece_cid_of(os.urandom(1_000))
    assert fits(cid, [cid])
    assert not fits(cid, [piece_cid_of(os.urandom(1_000))])


def test_order_size_and_root_all_count() -> None:
    large, small = _whole(4), _whole(2)
    parts = [piece_cid_of(large), piece_cid_of(small)]
    parent = piece_cid_of(large + small)
    assert fits(parent, parts)
    assert not fits(parent, parts[::-1])
    assert not fits(piece_cid_of(large + bytes(len(small))), parts)
    other_size = PieceCid.for_payload(parent.raw_size - 1, parent.height, parent.root)
    assert not fits(other_size, parts)
    assert offsets(parts) == [0, 512]
