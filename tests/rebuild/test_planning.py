from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.rebuild.making import Chain, LiveStream
from tests.stream.chunks import make_chunk
from vibesflow.rebuild.deriving import DerivedStream, derive
from vibesflow.rebuild.planning import Plan, plan
from vibesflow.stream.records import ChunkRow, RowStatus, StreamRecord


def recorded(chunks: int = 4) -> tuple[LiveStream, DerivedStream]:
    stream = LiveStream(Chain())
    for number in range(chunks):
        stream.store(make_chunk(number), [1, 2])
    stream.complete()
    derived = derive(stream.evidence())
    assert derived is not None
    return stream, derived


def carried_out(made: Plan, standing: StreamRecord | None) -> StreamRecord | None:
    """What a table would say of the counters afterwards."""
    totals = made.stream.totals if made.stream else made.recount
    if totals is None:
        return standing
    base = standing or StreamRecord(rta_id="rta_1", creator="", opened_at="")
    fields: dict[str, object] = {
        "chunks": totals.chunks,
        **totals.by_status,
        "total_bytes": totals.total_bytes,
        "total_duration_ms": totals.total_duration_ms,
    }
    if made.stream is not None and made.stream.completion is not None:
        done = made.stream.completion
        fields |= {
            "creator": made.stream.creator,
            "opened_at": made.stream.opened_at,
            "is_complete": made.stream.is_complete,
            "document_version": done.version,
            "metadata_cid": done.metadata_cid,
            "completed_at": done.completed_at,
            "data_set_id": done.data_set_id,
            "storage_provider": done.storage_provider,
            "filcdn_base": done.filcdn_base,
        }
    return base.model_copy(update=fields)


@settings(deadline=None, max_examples=50)
@given(st.sets(st.integers(0, 3)), st.booleans(), st.booleans())
def test_whatever_is_missing_one_round_makes_it_whole(
    lost: set[int], summary_lost: bool, overwrite: bool
) -> None:
    stream, derived = recorded()
    rows = {k: row for k, row in stream.rows.items() if row.sequence not in lost}
    standing = None if summary_lost else carried_out(plan(derived, None, {}, overwrite=False), None)
    made = plan(derived, standing, rows, overwrite=overwrite)
    assert {row.sequence for row in made.rows} == lost
    assert (made.stream is not None) == summary_lost
    after = carried_out(made, standing)
    again = plan(derived, after, derived.rows, overwrite=overwrite)
    assert again.is_empty
    assert again.differing == ()


def test_counters_that_the_rows_contradict_are_corrected() -> None:
    stream, derived = recorded()
    standing = carried_out(plan(derived, None, {}, overwrite=False), None)
    assert standing is not None
    made = plan(derived, standing.model_copy(update={"chunks": 3}), stream.rows, overwrite=False)
    assert made.stream is None
    assert made.recount == derived.stream.totals


def test_a_newer_summary_stays() -> None:
    stream, derived = recorded()
    standing = carried_out(plan(derived, None, {}, overwrite=False), None)
    assert standing is not None
    newer = standing.model_copy(update={"document_version": 2, "metadata_cid": "newer"})
    made = plan(derived, newer, stream.rows, overwrite=False)
    assert made.is_empty
    assert made.differing == ("document_version", "metadata_cid")


def test_rows_that_only_the_table_knows_are_counted_and_kept() -> None:
    _, derived = recorded()
    parked = LiveStream(Chain())
    parked.park(make_chunk(9))
    made = plan(derived, None, parked.rows, overwrite=True)
    assert made.stream is not None
    assert made.stream.is_complete
    assert made.stream.totals.by_status[RowStatus.FAILED.value] == 1
    assert made.stream.totals.chunks == 5
    stored = LiveStream(Chain())
    stored.store(make_chunk(9), [1, 2])
    more = plan(derived, None, stored.rows, overwrite=True)
    assert more.stream is not None
    assert not more.stream.is_complete


def test_the_time_of_writing_alone_is_no_difference() -> None:
    stream, derived = recorded()
    later: dict[str, ChunkRow] = {
        key: row.model_copy(update={"written_at": "2031"}) for key, row in stream.rows.items()
    }
    standing = carried_out(plan(derived, None, {}, overwrite=False), None)
    assert plan(derived, standing, later, overwrite=True).is_empty
