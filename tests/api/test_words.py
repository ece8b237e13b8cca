from __future__ import annotations

import pytest

from api.legacy.words import SAFE_INTEGER, number, piece_url, seconds
from api.services import NetworkFacts


@pytest.mark.parametrize(
    ("given", "spelled"),
    [
        (None, None),
        (0, 0),
        ("12", 12),
        (str(SAFE_INTEGER), SAFE_INTEGER),
        (str(SAFE_INTEGER + 1), str(SAFE_INTEGER + 1)),
        ("0x12", "0x12"),
    ],
)
def test_numbers_that_javascript_reads_exactly(given, spelled):
    assert number(given) == spelled


@pytest.mark.parametrize(("ms", "spelled"), [(0, "0"), (60_000, "60"), (59_960, "59.96")])
def test_seconds(ms, spelled):
    assert str(seconds(ms)) == spelled


@pytest.mark.parametrize(
    ("base", "cid", "url", "expected"),
    [
        ("https://cdn/", "bafk", "http://p/piece/bafk", "https://cdn/bafk"),
        (None, "bafk", "http://p/piece/bafk", "http://p/piece/bafk"),
        ("https://cdn/", None, None, None),
        (None, "bafk", "", None),
    ],
)
def test_where_to_play_from(base, cid, url, expected):
    assert piece_url(NetworkFacts("devnet", cdn_base=base), cid, url) == expected
