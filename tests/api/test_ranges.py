from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.pieces.ranges import Part, names_etag, wanted_part
from vibesflow.errors import RangeNotSatisfiable

SIZE = 1_000


@pytest.mark.parametrize(
    ("header", "start", "end"),
    [
        ("bytes=0-0", 0, 1),
        ("bytes=0-", 0, SIZE),
        ("bytes=10-19", 10, 20),
        ("bytes=999-", 999, SIZE),
        ("bytes=990-5000", 990, SIZE),
        ("bytes=-1", 999, SIZE),
        ("bytes=-5000", 0, SIZE),
        ("BYTES= 1-2 ", 1, 3),
    ],
)
def test_one_range(header, start, end):
    assert wanted_part(header, SIZE) == Part(start, end, SIZE)


@pytest.mark.parametrize(
    "header",
    [
        *(None, "", "bytes", "bytes=", "bytes=-", "bytes=a-b", "bytes=5-2", "lines=0-1"),
        *("bytes=0-1,5-6", "bytes=0-1;", "bytes=--1", "bytes=1.5-2", "bytes=\u0660-\u0669"),
        "bytes=" + "9" * 5_000 + "-",
    ],
)
def test_what_asks_for_nothing_in_particular(header):
    assert wanted_part(header, SIZE) is None


@pytest.mark.parametrize("header", ["bytes=1000-", "bytes=5000-6000", "bytes=-0"])
def test_beyond_the_end(header):
    with pytest.raises(RangeNotSatisfiable) as raised:
        wanted_part(header, SIZE)
    assert raised.value.size_bytes == SIZE


@pytest.mark.parametrize("header", ["bytes=0-", "bytes=0-0", "bytes=-1"])
def test_nothing_has_no_range(header):
    with pytest.raises(RangeNotSatisfiable):
        wanted_part(header, 0)


@given(st.integers(0, 2_000), st.integers(0, 2_000), st.integers(1, 1_500))
def test_a_part_lies_within(first, last, size):
    try:
        part = wanted_part(f"bytes={first}-{last}", size)
    except RangeNotSatisfiable:
        assert first >= size
        return
    if part is None:
        assert last < first
    else:
        assert (part.start, part.end) == (first, min(last + 1, size))
        assert part.content_range == f"bytes {part.start}-{part.end - 1}/{size}"


@pytest.mark.parametrize(
    ("header", "named"),
    [
        ('"a"', True),
        ('W/"a"', True),
        ('"b", "a"', True),
        ('"b"', False),
        ("a", False),
        ("*", False),
        (None, False),
        ("", False),
    ],
)
def test_entity_tags(header, named):
    assert names_etag(header, '"a"') is named
