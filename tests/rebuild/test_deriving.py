from __future__ import annotations

from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.rebuild.making import NOW, OPENED_MS, PROVIDERS, SCOPE, Chain, LiveStream
from tests.stream.chunks import START_MS, make_chunk
from vibesflow.rebuild.deriving import DerivedStream, derive
from vibesflow.rebuild.evidence import Evidence, Sighting
from vibesflow.rebuild.facts import Fact
from vibesflow.stream.chunk import ChunkRef
from vibesflow.stream.document import details_of
from vibesflow.stream.piece_metadata import chunk_metadata, read_metadata
from vibesflow.stream.records import ChunkRow, RowStatus
from vibesflow.stream.times import iso_utc


def derived_from(evidence: Evidence) -> DerivedStream:
    derived = derive(evidence)
    assert derived is not None
    return derived


def facts(derived: DerivedStream) -> dict[Fact, int]:
    return {unknown.fact: unknown.count for unknown in derived.unknown}


def without_time(row: ChunkRow) -> dict[str, object]:
    return row.model_dump(exclude={"written_at"})


@st.composite
def chunk_lists(draw: st.DrawFn) -> list[ChunkRef]:
    """Chunks of two sessions and producers, some with the same bytes as others."""
    numbers = draw(st.lists(st.integers(0, 12), min_size=1, max_size=8, unique=True))
    return [
        make_chunk(
            number,
            session_ms=START_MS + draw(st.sampled_from([0, 86_400_000])) + number,
            producer=draw(st.sampled_from(["", "left/1"])),
            content=draw(st.sampled_from([None, b"jingle" * 40])),
            final=draw(st.booleans()),
        )
        for number in numbers
    ]


PLACES = st.permutations([1, 2, 3]).map(lambda order: order[:2])


@settings(deadline=None, max_examples=60)
@given(st.data(), chunk_lists())
def test_a_complete_stream_is_what_it_was(data: st.DataObject, chunks: list[ChunkRef]) -> None:
    chain = Chain()
    other, stream = LiveStream(chain, "rta_other"), LiveStream(chain)
    other.store(make_chunk(0, rta_id="rta_other", content=b"jingle" * 40), data.draw(PLACES))
    for chunk in chunks:
        if data.draw(st.integers(0, 4)):
            stream.store(chunk, data.draw(PLACES), confirmed=data.draw(st.sampled_from([0, 2, 2])))
        else:
            stream.park(chunk)
    if not any(row.piece_cid for row in stream.rows.values()):
        stream.store(make_chunk(99), [1, 2])
    stream.complete(provider_id=data.draw(st.sampled_from([1, 2, 3])))
    derived = derived_from(stream.evidence())

    expected = dict(stream.rows)
    for key, row in stream.rows.items():
        if row.status is RowStatus.PROCESSING and derived.rows[key].status is RowStatus.UPLOADED:
            expected[key] = derived.rows[key]  # another stream has had the same bytes confirmed
    assert derived.rows == expected
    summary = derived.stream
    assert (summary.creator, summary.opened_at) == (stream.creator, iso_utc(OPENED_MS))
    assert (summary.rev, summary.version, summary.is_complete) == (stream.record.rev, 1, True)
    completion = summary.completion
    assert completion is not None
    assert completion.details == details_of(list(expected.values()))
    assert completion.storage_provider == PROVIDERS[stream.documents[0].provider_id or 0].address
    assert summary.totals.chunks == len(stream.rows)
    assert not facts(derived).keys() - {Fact.FEWER_COPIES}


@settings(deadline=None, max_examples=60)
@given(st.data(), chunk_lists())
def test_an_open_stream_is_what_it_was(data: st.DataObject, chunks: list[ChunkRef]) -> None:
    stream = LiveStream(Chain())
    first_with: dict[str, ChunkRef] = {}
    for chunk in chunks:
        stream.store(chunk, data.draw(PLACES))
        first_with.setdefault(chunk.sha256, chunk)
    derived = derived_from(stream.evidence())
    assert derived.stream.opened_at == iso_utc(OPENED_MS)
    assert not derived.stream.is_complete
    assert derived.stream.completion is None
    for key, row in derived.rows.items():
        assert row.written_at == NOW
        if sum(chunk.sha256 == row.sha256 for chunk in chunks) == 1:
            assert without_time(row) == without_time(stream.rows[key])
    assert {stream.rows[chunk.key].sha256 for chunk in chunks} == {
        row.sha256 for row in derived.rows.values()
    }


def test_versions_keep_their_snapshots_and_the_first_completion() -> None:
    stream = LiveStream(Chain())
    revs, details = [], []
    for number in range(3):
        stream.reopen()
        stream.store(make_chunk(number), [1, 2])
        revs.insert(0, stream.record.rev)
        details.insert(0, details_of(list(stream.rows.values())))
        stream.complete()
    derived = derived_from(stream.evidence())
    assert [snapshot.rev for snapshot in derived.snapshots] == revs
    assert [snapshot.details for snapshot in derived.snapshots] == details
    assert derived.stream.version == 3
    assert derived.stream.first_completed_at == "2025-11-21T00:00:00.000Z"
    assert derived.stream.completion is not None
    assert derived.stream.completion.completed_at == "2025-11-23T00:00:00.000Z"
    assert derived.unknown == ()


def test_a_chunk_after_completion_means_that_the_stream_was_reopened() -> None:
    stream = LiveStream(Chain())
    stream.store(make_chunk(0, final=True), [1, 2])
    stream.complete()
    stream.reopen()
    late = stream.store(make_chunk(1), [2, 1])
    derived = derived_from(stream.evidence())
    assert not derived.stream.is_complete
    assert derived.stream.version == 1
    assert derived.stream.rev == stream.record.rev
    assert without_time(derived.rows[make_chunk(1).key]) == without_time(late)
    assert derived.stream.completion is not None
    assert len(derived.stream.completion.details) == 1
    assert facts(derived) == {Fact.WRITTEN_AT: 1, Fact.REV: 1, Fact.REOPENED_AT: 1}


def test_what_was_confirmed_after_the_document_is_confirmed() -> None:
    stream = LiveStream(Chain())
    stream.store(make_chunk(0), [1, 2])
    stream.store(make_chunk(1), [1, 2], confirmed=1)
    stream.complete()
    waiting = derived_from(stream.evidence())
    assert waiting.rows[make_chunk(1).key].status is RowStatus.PROCESSING
    assert waiting.rows[make_chunk(1).key].staging_key == make_chunk(1).staging_key
    confirmed = stream.store(make_chunk(1), [1, 2])
    derived = derived_from(stream.evidence())
    assert without_time(derived.rows[make_chunk(1).key]) == without_time(confirmed)
    assert derived.stream.is_complete


def test_a_parked_chunk_that_came_through_reopens_the_stream() -> None:
    stream = LiveStream(Chain())
    stream.store(make_chunk(0), [1, 2])
    stream.park(make_chunk(1))
    stream.complete()
    assert derived_from(stream.evidence()).stream.is_complete
    stored = stream.store(make_chunk(1), [1, 2])
    derived = derived_from(stream.evidence())
    assert without_time(derived.rows[make_chunk(1).key]) == without_time(stored)
    assert not derived.stream.is_complete
    assert derived.stream.completion is not None
    assert len(derived.stream.completion.details) == 1


def test_a_copy_that_is_gone_gives_way_to_one_that_is_there() -> None:
    stream = LiveStream(Chain())
    row = stream.store(make_chunk(0), [1, 2])
    stream.complete()
    whole = stream.evidence()
    pairs = chunk_metadata(make_chunk(0), duration_ms=60_000, provider_id=2)
    moved = Sighting(row.piece_cid or "", row.size, 13, 77, 3, SCOPE, read_metadata(dict(pairs)))
    kept = tuple(s for s in whole.noted if (s.piece_cid, s.provider_id) != (row.piece_cid, 1))
    derived = derived_from(replace(whole, noted=(*kept, moved)))
    found = derived.rows[make_chunk(0).key]
    assert [copy.provider_id for copy in found.copies] == [2, 3]
    assert found.retrieval_url == f"http://sp2/piece/{row.piece_cid}"


def test_what_the_chain_has_no_more_stays_as_documented_and_is_told() -> None:
    stream = LiveStream(Chain())
    row = stream.store(make_chunk(0), [1, 2])
    stream.complete()
    evidence = stream.evidence()
    noted = tuple(s for s in evidence.noted if s.piece_cid != row.piece_cid)
    derived = derived_from(replace(evidence, noted=noted))
    assert derived.rows[make_chunk(0).key] == row
    assert facts(derived) == {Fact.GONE: 1}


def test_other_bytes_under_a_known_id_are_left_out_and_told() -> None:
    stream = LiveStream(Chain())
    stream.store(make_chunk(0), [1, 2])
    evidence = stream.evidence()
    stream.store(make_chunk(0, content=b"x" * 200), [1, 2])
    rival = stream.evidence()
    derived = derived_from(rival)
    assert derived.rows == derived_from(evidence).rows
    assert facts(derived)[Fact.OTHER_BYTES] == 1


def test_without_bytes_there_is_no_row() -> None:
    stream = LiveStream(Chain())
    stream.store(make_chunk(0), [1, 2])
    stream.store(make_chunk(1), [1, 2])
    lost = stream.rows[make_chunk(1).key]
    del stream.digests[lost.piece_cid or ""]
    derived = derived_from(stream.evidence())
    assert derived.rows.keys() == {make_chunk(0).key}
    assert facts(derived)[Fact.DIGEST] == 1
    stream.digests.clear()
    assert derive(stream.evidence()) is None


def test_a_provider_that_left_the_registry_has_no_address() -> None:
    stream = LiveStream(Chain())
    stream.store(make_chunk(0), [1, 2])
    stream.complete()
    evidence = replace(stream.evidence(), providers={2: PROVIDERS[2]})
    derived = derived_from(evidence)
    assert derived.rows[make_chunk(0).key].retrieval_url is None
    assert derived.stream.completion is not None
    assert derived.stream.completion.storage_provider is None
    assert facts(derived) == {Fact.PROVIDER: 1}


def test_a_cut_name_is_completed_from_the_document() -> None:
    long_name = "n" * 120
    stream = LiveStream(Chain(), creator=long_name)
    stream.store(make_chunk(0).model_copy(update={"creator": long_name}), [1, 2])
    open_stream = derived_from(stream.evidence())
    assert open_stream.stream.creator == "n" * 95
    assert facts(open_stream)[Fact.CREATOR] == 1
    stream.complete()
    stream.reopen()
    stream.store(make_chunk(1).model_copy(update={"creator": long_name}), [1, 2])
    derived = derived_from(stream.evidence())
    assert {row.creator for row in derived.rows.values()} == {long_name}
    assert Fact.CREATOR not in facts(derived)
