"""Which PieceCIDs PDPVerifier takes, and how many leaves it counts (FRC-0069)."""

from __future__ import annotations

import pytest
from eth_account.signers.local import LocalAccount

from tests.contracts.stage import CLEANUP_DEPOSIT, Stage
from tests.filecoin.piece_vectors import VECTORS
from vibesflow.filecoin import PieceCid

PREFIX = bytes.fromhex("01559120")
ROOT = bytes(range(32))
INDEXED_ERROR = "c7b67cf3"


def cid_of(height: int, padding: bytes = b"\0", *, length: int | None = None) -> bytes:
    digest = padding + bytes([height]) + ROOT
    return PREFIX + bytes([len(digest) if length is None else length]) + digest


def leaves_of(height: int, padding: int) -> int:
    return 2**height - padding * 128 // 127 // 32


@pytest.mark.parametrize(
    "vector", [v for v in VECTORS if v.size > 0], ids=lambda vector: vector.text[-8:]
)
def test_leaf_count_of_known_pieces(stage: Stage, payer: LocalAccount, vector) -> None:
    cid = PieceCid.parse(vector.text).to_bytes()
    data_set = stage.create_and_add(payer, [cid])
    expected = leaves_of(vector.height, vector.padding)
    read = stage.chain.read
    assert read(stage.pdp.functions.getPieceLeafCount(data_set.id, 0)) == expected
    assert read(stage.pdp.functions.getDataSetLeafCount(data_set.id)) == expected
    assert read(stage.pdp.functions.getPieceCid(data_set.id, 0))[0] == cid


@pytest.mark.parametrize(
    "cid",
    [
        b"",
        bytes.fromhex("0155"),
        bytes.fromhex("01551220") + ROOT,
        cid_of(5, length=33),
        cid_of(5) + b"\0",
        cid_of(5)[:-1],
        cid_of(1),
        cid_of(51),
        cid_of(2, b"\x7f"),
        cid_of(2, b"\xff\xff\xff\xff\xff\xff\xff\xff\xff"),
    ],
    ids=[
        "empty",
        "short",
        "other hash",
        "wrong length",
        "too long",
        "cut off",
        "height 1",
        "height 51",
        "only padding",
        "endless varint",
    ],
)
def test_refused(stage: Stage, payer: LocalAccount, cid: bytes) -> None:
    deal = stage.sign_deal(payer, [cid])
    call = stage.new_set_call([cid], deal.both)
    assert stage.selector(call, value=CLEANUP_DEPOSIT) == INDEXED_ERROR


def test_refusal_names_the_piece(stage: Stage, payer: LocalAccount) -> None:
    cids = [cid_of(5), cid_of(51)]
    call = stage.new_set_call(cids, stage.sign_deal(payer, cids).both)
    with pytest.raises(Exception, match=r"IndexedError\(index=1"):
        stage.chain.send(stage.provider, call, CLEANUP_DEPOSIT)
