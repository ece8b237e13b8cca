from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from tests.stream.chunks import make_chunk
from vibesflow.stream.chunk import ChunkRef
from vibesflow.stream.piece_metadata import (
    MAX_VALUE_BYTES,
    ChunkNote,
    DocumentNote,
    chunk_metadata,
    document_metadata,
    read_metadata,
)

PRINTABLE = st.text(st.characters(categories=["L", "N", "P", "S", "Zs"]), max_size=30)
EPOCH_MS = st.integers(0, 9_999_999_999_999)


@st.composite
def chunks(draw: st.DrawFn) -> ChunkRef:
    bare = make_chunk(
        draw(st.integers(0, 99_999_999)),
        rta_id=draw(st.from_regex(r"[a-z0-9]{1,20}(_chunk_[0-9]{1,4})?", fullmatch=True)),
        final=draw(st.booleans()),
        session_ms=draw(st.integers(0, 3_000_000_000_000)),
        producer=draw(PRINTABLE),
    )
    types = st.sampled_from(["audio/webm", "audio/ogg", "audio/webm;codecs=opus"])
    return bare.model_copy(
        update={
            "creator": draw(PRINTABLE),
            "participants": draw(st.integers(0, 1_000_000)),
            "started_at_ms": draw(EPOCH_MS),
            "content_type": draw(types),
            "is_final": bare.is_final or draw(st.booleans()),
        }
    )


def test_it_fits_what_the_chain_keeps() -> None:
    chunk = make_chunk(99_999_999, rta_id="r" * 96, final=True, producer="p" * 64).model_copy(
        update={
            "creator": "ö" * 128,
            "participants": 1_000_000,
            "content_type": "audio/" + "x" * 40,
        }
    )
    pairs = chunk_metadata(
        chunk, duration_ms=86_400_000, provider_id=9_999, opened_at_ms=9_999_999_999_999
    )
    assert len(pairs) == 3
    for name, value in (*pairs, *document_metadata("r" * 96, 10**6, provider_id=10**9)):
        assert len(name.encode()) <= 32
        assert 0 < len(value.encode()) <= MAX_VALUE_BYTES
    note = read_metadata(dict(pairs))
    assert isinstance(note, ChunkNote)
    assert (note.provider_id, note.opened_at_ms) == (9_999, 9_999_999_999_999)


def test_it_says_whose_audio_it_is_and_where_it_belongs() -> None:
    chunk = make_chunk(3, final=True)
    pairs = dict(
        chunk_metadata(chunk, duration_ms=59_980, provider_id=2, opened_at_ms=1_763_829_000_123)
    )
    assert pairs == {
        "rta": "rta_1",
        "chunk": "003_1763829180000_final/1763829000000/1763829180000/59980/2/p2/o1763829000123",
        "who": "/0xabc",
    }
    assert dict(document_metadata("rta_1", 2, provider_id=3)) == {
        "rta": "rta_1",
        "document": "2",
        "provider": "3",
    }


@given(chunks(), st.none() | st.integers(1, 999), st.none() | EPOCH_MS)
def test_what_is_written_is_read_back(
    chunk: ChunkRef, provider_id: int | None, opened_at_ms: int | None
) -> None:
    pairs = chunk_metadata(
        chunk, duration_ms=chunk.duration_ms, provider_id=provider_id, opened_at_ms=opened_at_ms
    )
    note = read_metadata(dict(pairs))
    assert isinstance(note, ChunkNote)
    assert note.chunk_id == chunk.identity
    assert (note.session_started_at_ms, note.started_at_ms, note.duration_ms) == (
        chunk.session_started_at_ms,
        chunk.started_at_ms,
        chunk.duration_ms,
    )
    assert (note.participants, note.is_final) == (chunk.participants, chunk.is_final)
    assert note.provider_id == provider_id
    if len(dict(pairs)["who"].encode()) < MAX_VALUE_BYTES - 4:
        assert (note.producer, note.creator) == (chunk.producer, chunk.creator)
    if len(dict(pairs)["chunk"].encode()) < MAX_VALUE_BYTES - 24:
        assert (note.content_type, note.opened_at_ms) == (chunk.content_type, opened_at_ms)


def test_documents_are_read_back() -> None:
    pairs = dict(document_metadata("rta_1", 12, provider_id=3))
    assert read_metadata(pairs) == DocumentNote("rta_1", 12, 3)
    assert read_metadata(dict(document_metadata("rta_1", 1))) == DocumentNote("rta_1", 1, None)


@given(st.dictionaries(st.sampled_from(["rta", "chunk", "who", "document"]), PRINTABLE))
def test_what_others_wrote_is_no_note(pairs: dict[str, str]) -> None:
    note = read_metadata(pairs)
    assert note is None or isinstance(note, ChunkNote | DocumentNote)


def test_foreign_pairs_are_passed_over() -> None:
    assert read_metadata({}) is None
    assert read_metadata({"name": "holiday.jpg"}) is None
    assert read_metadata({"rta": "rta_1", "chunk": "nonsense"}) is None
    assert read_metadata({"rta": "rta_1", "document": "first"}) is None
