from __future__ import annotations

import sys

import pytest

from vibesflow.filecoin.provider_http import Answer


def test_json():
    assert Answer(200, {}, b'{"pieces": [1, null]}').json() == {"pieces": [1, None]}


@pytest.mark.parametrize("body", [b"", b"<html>", b"{", b"\xff", b"[" * 1_000_000])
def test_what_is_not_json_is_a_value_error_however_deep(body):
    before = sys.getrecursionlimit()
    sys.setrecursionlimit(100_000)  # as py_ecc, which web3 imports, leaves it
    try:
        with pytest.raises(ValueError, match="line 1"):
            Answer(200, {}, body).json()
    finally:
        sys.setrecursionlimit(before)
