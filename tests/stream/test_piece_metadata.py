from __future__ import annotations

from tests.stream.chunks import make_chunk
from vibesflow.stream.piece_metadata import MAX_VALUE_BYTES, chunk_metadata, document_metadata


def test_it_fits_what_the_chain_keeps() -> None:
    chunk = make_chunk(99_999_999, rta_id="r" * 96, final=True, producer="p" * 64).model_copy(
        update={"creator": "ö" * 128, "participants": 1_000_000}
    )
    pairs = chunk_metadata(chunk, duration_ms=86_400_000)
    assert len(pairs) == 3
    for name, value in (*pairs, *document_metadata("r" * 96, 10**6)):
        assert len(name.encode()) <= 32
        assert 0 < len(value.encode()) <= MAX_VALUE_BYTES


def test_it_says_whose_audio_it_is_and_where_it_belongs() -> None:
    pairs = dict(chunk_metadata(make_chunk(3, final=True), duration_ms=59_980))
    assert pairs == {
        "rta": "rta_1",
        "chunk": "003_1763829180000_final/1763829000000/1763829180000/59980/2",
        "who": "/0xabc",
    }
    assert dict(document_metadata("rta_1", 2)) == {"rta": "rta_1", "document": "2"}
