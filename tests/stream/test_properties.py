"""Any order of chunks, doubles, gaps, late ones, restarts: the stream comes to what it must."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.stream.chunks import START_MS, make_chunk
from tests.stream.reference import Reference
from tests.stream.simulation import RTA_ID, WINDOW_MS, Simulation
from vibesflow.stream.chunk import ChunkRef
from vibesflow.stream.records import ChunkRow, RowStatus

_SESSIONS = ((START_MS, ""), (START_MS, "b"), (START_MS + 7_200_000, ""))


@dataclass(frozen=True)
class Event:
    """Something that happens to a stream; ``chunk`` is None for all but receipts."""

    kind: str
    chunk: ChunkRef | None = None
    duration_ms: int = 0


def _chunk(session: tuple[int, str], number: int, *, final: bool = False) -> ChunkRef:
    started, producer = session
    # Producers of one session are told apart by the time at which each began a chunk.
    offset = 7 if producer else 0
    chunk = make_chunk(number, session_ms=started + offset, producer=producer, final=final)
    return chunk.model_copy(update={"session_started_at_ms": started})


def _as_final(chunk: ChunkRef) -> ChunkRef:
    session = (chunk.session_started_at_ms, chunk.producer)
    return _chunk(session, chunk.sequence, final=True)


def _with_other_bytes(chunk: ChunkRef) -> ChunkRef:
    return chunk.model_copy(update={"sha256": "f" * 64})


def _waits() -> st.SearchStrategy[Event]:
    durations = [0, 1, 60_000, WINDOW_MS - 1, WINDOW_MS, WINDOW_MS + 1, 7_200_000]
    return st.builds(lambda ms: Event("wait", duration_ms=ms), st.sampled_from(durations))


@st.composite
def _events(draw: st.DrawFn) -> list[Event]:
    """Sessions that were cut into chunks, of which some drop, double, clash or come late."""
    sent: list[ChunkRef] = []
    for session in draw(st.lists(st.sampled_from(_SESSIONS), min_size=1, max_size=3, unique=True)):
        length, ends = draw(st.integers(1, 5)), draw(st.booleans())
        sent += [_chunk(session, n, final=ends and n == length - 1) for n in range(length)]
    dropped = draw(st.sets(st.sampled_from(sent), max_size=2)) if draw(st.booleans()) else set()
    doubled = draw(st.lists(st.sampled_from(sent), max_size=4))
    clashing = [_with_other_bytes(c) for c in draw(st.lists(st.sampled_from(sent), max_size=2))]
    marked = draw(st.lists(st.sampled_from(sent), max_size=2))  # the same number, now the last
    sent += [_as_final(chunk) for chunk in marked]
    arrivals = [c for c in sent if c not in dropped] + doubled + clashing
    if draw(st.booleans()):
        arrivals = draw(st.permutations(arrivals))
    events = [Event("receive", chunk) for chunk in arrivals]
    others = st.sampled_from([Event("complete"), Event("begin anew"), Event("retry")])
    for _ in range(draw(st.integers(0, 8))):
        events.insert(draw(st.integers(0, len(events))), draw(st.one_of(_waits(), others)))
    return events


@given(_events(), st.sets(st.integers(0, 5), max_size=2))
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_a_stream_completes_when_and_as_the_reference_says(
    events: list[Event], lost_numbers: set[int]
) -> None:
    world, model = Simulation(), Reference(window_ms=WINDOW_MS)
    lost = {e.chunk.key for e in events if e.chunk and e.chunk.sequence in lost_numbers}
    world.lost, model.missing = set(lost), set(lost)
    for event in events:
        _happen(world, model, event)
        assert len(world.completed_at) == len(model.versions), event
    _happen(world, model, Event("wait", duration_ms=10 * WINDOW_MS))
    assert world.completed_at == [at for at, _ in model.versions]
    assert [_stored(world, v) for v in sorted(world.documents)] == [s for _, s in model.versions]
    assert world.state is None, "a stream at rest has no run"
    _check_rows(world, model)
    _check_documents(world, model)


@given(_events(), st.randoms(use_true_random=False))
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_no_order_of_steps_loses_or_doubles_a_chunk(events: list[Event], dice: Random) -> None:
    """Signals come between any two steps, a chain stands still, runs begin anew at any moment."""
    world, model = Simulation(), Reference(window_ms=WINDOW_MS)
    for event in events:
        _happen_slowly(world, model, event, dice)
        before = len(world.documents)
        for _ in range(dice.randrange(6)):
            _one_step(world, dice)
        if len(world.documents) > before and world.state is not None:
            assert world.state.version <= len(world.documents)
    world.chain_open = True
    world.pass_time(10 * WINDOW_MS)
    assert world.state is None
    _check_rows(world, model)
    if model.stands:
        newest = max(world.documents)
        assert _stored(world, newest) == frozenset(model.stands)
        assert world.documents[newest][1]["missing"] == _named(model)
    _check_links(world)


def _happen(world: Simulation, model: Reference, event: Event) -> None:
    if event.chunk is not None:
        world.submit(event.chunk)
        world.settle()
        model.receive(event.chunk, world.now_ms)
    elif event.kind == "wait":
        model.pass_time(world.now_ms, world.now_ms + event.duration_ms)
        world.pass_time(event.duration_ms)
    elif event.kind == "complete" and world.state is not None:
        world.complete()
        world.settle()
        model.by_hand(world.now_ms)
    elif event.kind == "begin anew":
        world.begin_anew()
    elif event.kind == "retry" and model.stands:
        world.lost.clear()
        world.retry()
        world.settle()
        model.retry(world.now_ms)


def _happen_slowly(world: Simulation, model: Reference, event: Event, dice: Random) -> None:
    world.chain_open = dice.random() < 0.7
    if event.chunk is not None:
        world.submit(event.chunk)
        model.receive(event.chunk, world.now_ms)
    elif event.kind == "wait":
        world.now_ms += event.duration_ms
    elif event.kind == "complete":
        world.complete()
    elif event.kind == "begin anew":
        world.begin_anew()
    elif model.stands:
        world.retry()


def _one_step(world: Simulation, dice: Random) -> None:
    steps = world.steps()
    if steps:
        storing_before = world.state is not None and world.state.is_storing
        versions = len(world.documents)
        dice.choice(steps)()
        assert not (storing_before and len(world.documents) > versions), "published too early"


def _check_rows(world: Simulation, model: Reference) -> None:
    rows = {row.chunk_id: row for row in world.ledger.list_chunks(RTA_ID)}
    assert {r.chunk_id: r.sha256 for r in rows.values()} == {
        c.chunk_id: c.sha256 for c in model.stands.values()
    }
    for key, chunk in model.stands.items():
        expected = RowStatus.FAILED if key in model.missing else RowStatus.UPLOADED
        assert rows[chunk.chunk_id].status is expected
    if model.stands:
        _check_counters(world, list(rows.values()))


def _check_counters(world: Simulation, rows: list[ChunkRow]) -> None:
    record = world.ledger.records[RTA_ID]
    uploaded = [row for row in rows if row.status is RowStatus.UPLOADED]
    assert (record.chunks, record.uploaded) == (len(rows), len(uploaded))
    assert record.total_duration_ms == sum(row.duration_ms for row in uploaded)
    assert record.is_complete == bool(uploaded)


def _check_documents(world: Simulation, model: Reference) -> None:
    _check_links(world)
    if world.documents:
        newest = world.documents[max(world.documents)][1]
        order = [
            (c["session_started_at_ms"], c["producer"], c["sequence"], c["started_at_ms"])
            for c in newest["chunks"]  # type: ignore[attr-defined]  # JSON
        ]
        assert order == sorted(order)
        assert newest["missing"] == _named(model)


def _check_links(world: Simulation) -> None:
    """Each version names the one before, and the record the newest."""
    previous = None
    for version in range(1, len(world.documents) + 1):
        cid, document = world.documents[version]
        assert (document["version"], document["previous"]) == (version, previous)
        previous = cid
    if previous is not None:
        record = world.ledger.records[RTA_ID]
        assert (record.document_version, record.metadata_cid) == (len(world.documents), previous)


def _stored(world: Simulation, version: int) -> frozenset[str]:
    entries = world.documents[version][1]["chunks"]
    by_id = {row.chunk_id: key for key, row in world.ledger.rows[RTA_ID].items()}
    return frozenset(by_id[e["chunk_id"]] for e in entries)  # type: ignore[attr-defined]  # JSON


def _named(model: Reference) -> list[dict[str, object]]:
    return [
        {
            "session_started_at_ms": started,
            "producer": producer,
            "missing": absent,
            "missing_count": len(absent),
        }
        for (started, producer), absent in sorted(model.gaps.items())
    ]
