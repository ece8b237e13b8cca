"""Limits of metadata count bytes, not characters."""

from __future__ import annotations

import pytest
from eth_account.signers.local import LocalAccount

from tests.contracts.signatures import Pairs
from tests.contracts.stage import CLEANUP_DEPOSIT, Stage, random_uint, some_cids

TOO_MANY, KEY_TOO_LONG, VALUE_TOO_LONG, TWICE = "d516067a", "d307879f", "9a16e82a", "ca210722"


def _keys(count: int) -> Pairs:
    return [(f"key{number}", str(number)) for number in range(count)]


@pytest.mark.parametrize(
    ("metadata", "selector"),
    [
        (_keys(11), TOO_MANY),
        ([("k" * 33, "")], KEY_TOO_LONG),
        ([("ключ" * 5, "")], KEY_TOO_LONG),
        ([("k", "v" * 97)], VALUE_TOO_LONG),
        ([("k", "é" * 49)], VALUE_TOO_LONG),
        ([("k", "1"), ("k", "2")], TWICE),
        ([("k", ""), ("k", "")], TWICE),
    ],
)
def test_data_set_limits(stage: Stage, payer: LocalAccount, metadata: Pairs, selector: str) -> None:
    blob = stage.create_blob(payer, client_id=random_uint(), metadata=metadata)
    create = stage.pdp.functions.createDataSet(stage.places.fwss, blob)
    assert stage.selector(create, value=CLEANUP_DEPOSIT) == selector


@pytest.mark.parametrize(
    ("metadata", "selector"),
    [
        (_keys(4), TOO_MANY),
        ([("k" * 33, "")], KEY_TOO_LONG),
        ([("k", "é" * 49)], VALUE_TOO_LONG),
        ([("k", "1"), ("k", "2")], TWICE),
    ],
)
def test_piece_limits(stage: Stage, payer: LocalAccount, metadata: Pairs, selector: str) -> None:
    cids = some_cids(2)
    deal = stage.sign_deal(payer, cids, piece_metadata=[(), metadata])
    assert stage.selector(stage.new_set_call(cids, deal.both), value=CLEANUP_DEPOSIT) == selector


def test_everything_at_the_limit_is_kept(stage: Stage, payer: LocalAccount) -> None:
    of_set = [(f"{number}".rjust(32, "k"), "v" * 96) for number in range(10)]
    of_piece = [("é" * 16, "ü" * 48), ("empty", ""), ("n", "1")]
    data_set = stage.create_and_add(payer, some_cids(1), metadata=of_set, piece_metadata=[of_piece])
    keys, values = stage.chain.read(stage.view.functions.getAllDataSetMetadata(data_set.id))
    assert list(zip(keys, values, strict=True)) == of_set
    keys, values = stage.chain.read(stage.view.functions.getAllPieceMetadata(data_set.id, 0))
    assert list(zip(keys, values, strict=True)) == of_piece
    one = stage.view.functions.getPieceMetadata(data_set.id, 0, "empty")
    assert stage.chain.read(one) == [True, ""]


def test_same_key_on_two_pieces(stage: Stage, payer: LocalAccount) -> None:
    data_set = stage.create_and_add(
        payer, some_cids(2), piece_metadata=[[("k", "1")], [("k", "2")]]
    )
    read = stage.view.functions.getAllPieceMetadata
    assert stage.chain.read(read(data_set.id, 1)) == [["k"], ["2"]]
