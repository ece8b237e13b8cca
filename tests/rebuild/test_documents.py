from __future__ import annotations

import json
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from tests.rebuild.making import Chain, LiveStream
from tests.stream.chunks import make_chunk
from vibesflow.rebuild.documents import read_document, rows_of
from vibesflow.rebuild.facts import MEANING, Fact
from vibesflow.stream.document import compile_document

PAGE = Path(__file__).parents[2] / "docs" / "rebuild.md"


def compiled() -> tuple[LiveStream, bytes]:
    stream = LiveStream(Chain())
    stream.store(make_chunk(0), [1, 2])
    stream.park(make_chunk(1))
    rows = list(stream.rows.values())
    return stream, compile_document(stream.record, rows, version=1, compiled_at="now")


def test_a_document_holds_all_that_rows_say() -> None:
    stream, data = compiled()
    document = read_document(data, stream.rta_id)
    assert document is not None
    rows = rows_of(document, lambda provider_id: f"http://sp{provider_id}/piece/", at="never")
    assert rows == stream.rows


def test_what_is_no_document_of_the_stream_is_none() -> None:
    stream, data = compiled()
    assert read_document(data, "rta_other") is None
    for broken in (b"", b"[]", b"{}", data[:-1], b"[" * 100_000):
        assert read_document(broken, stream.rta_id) is None
    plain = json.loads(data)
    assert read_document(json.dumps(plain | {"schema": "other/1"}).encode(), stream.rta_id) is None
    for name in ("rev", "chunks", "compiled_at"):
        less = {key: value for key, value in plain.items() if key != name}
        assert read_document(json.dumps(less).encode(), stream.rta_id) is None
    for chunk_id in ("nonsense", "rta_other_chunk_000_1"):
        entry = plain["chunks"][0] | {"chunk_id": chunk_id}
        assert read_document(json.dumps(plain | {"chunks": [entry]}).encode(), "rta_1") is None


@given(st.recursive(st.none() | st.integers() | st.text(), st.lists))
def test_odd_copies_break_nothing(odd: object) -> None:
    _, data = compiled()
    plain = json.loads(data)
    plain["chunks"][0]["copies"] = [odd, [1, 11, 7]]
    document = read_document(json.dumps(plain).encode(), "rta_1")
    assert document is None or len(rows_of(document, str, at="")) == 2


def test_copies_that_are_no_numbers_make_no_document() -> None:
    _, data = compiled()
    for odd in (None, 7, [1], [1, 2, 3, 4], [1, 2, "x"]):
        plain = json.loads(data)
        plain["chunks"][0]["copies"] = [odd]
        assert read_document(json.dumps(plain).encode(), "rta_1") is None


def test_every_fact_has_a_meaning_and_is_documented() -> None:
    assert MEANING.keys() == set(Fact)
    page = PAGE.read_text()
    for fact, meaning in MEANING.items():
        assert f"| `{fact}` | {meaning}" in page
