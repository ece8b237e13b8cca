"""Messages leave out what has its default, and that costs nearly nothing."""

from __future__ import annotations

import ast

import pytest

from tests.stream.chunks import make_chunk
from vibesflow.stream.placement import Copy, ProviderName, StoredPiece

PIECE = StoredPiece(piece_cid="bafk", copies=[Copy(provider_id=1, base_url="http://p1/")])


def test_defaults_are_left_out_and_come_back() -> None:
    assert PIECE.model_dump() == {
        "piece_cid": "bafk",
        "copies": [{"provider_id": 1, "base_url": "http://p1/"}],
    }
    assert StoredPiece.model_validate(PIECE.model_dump()) == PIECE
    assert "is_final" not in make_chunk(0).model_dump()
    assert make_chunk(0, final=True).model_dump()["is_final"] is True


def test_what_was_changed_in_place_is_no_default() -> None:
    piece = PIECE.model_copy(deep=True)
    piece.providers.append(ProviderName(provider_id=1))
    assert piece.model_dump()["providers"] == [{"provider_id": 1}]
    assert "providers" not in PIECE.model_dump()


def test_defaults_are_looked_up_once(monkeypatch: pytest.MonkeyPatch) -> None:
    PIECE.model_dump()
    parsed, parse = list[object](), ast.parse

    def note(*args: object, **named: object) -> ast.AST:
        parsed.append(args)
        return parse(*args, **named)

    monkeypatch.setattr(ast, "parse", note)
    assert "providers" not in PIECE.model_dump()
    assert parsed == []
