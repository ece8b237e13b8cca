from __future__ import annotations

import pytest

from api import facts as facts_module
from api.facts import RememberedFacts, StorageFacts
from tests.api.door import unreachable_ledger
from tests.fakes.streams import FakeStreams
from tests.samples import AT, CREATOR, RTA, chunk_ref, chunk_row
from vibesflow.query import StreamReader
from vibesflow.stream.document import details_of
from vibesflow.stream.records import Completion, RowWrite, StreamOpening


class Clock:
    now_s = 1_000.0

    def __call__(self) -> float:
        return self.now_s


@pytest.fixture
def streams() -> FakeStreams:
    return FakeStreams()


async def remember(streams: FakeStreams, rta_id: str, data_set_id: int) -> None:
    await streams.submit(chunk_ref(0, rta_id=rta_id))
    streams.runs[rta_id].data_set_id = data_set_id


async def test_a_running_stream_says_it(streams, ledger):
    known = RememberedFacts(StreamReader(ledger, streams), streams)
    await remember(streams, RTA, 7)
    assert known.of(RTA) == StorageFacts()
    await known.refresh(RTA)
    assert known.of(RTA) == StorageFacts("7", None)


async def test_the_table_says_it_for_a_silent_stream(streams, ledger):
    ledger.open_stream(StreamOpening(rta_id=RTA, creator=CREATOR, opened_at=AT))
    ledger.settle_rows(RTA, [RowWrite(row=chunk_row(0))])
    record = ledger.get_stream(RTA)
    assert record is not None
    ledger.complete_stream(
        Completion(
            rta_id=RTA,
            version=1,
            rev=record.rev,
            metadata_cid="bafk",
            completed_at=AT,
            details=details_of([chunk_row(0)]),
            data_set_id="9",
            storage_provider="0xb",
        )
    )
    known = RememberedFacts(StreamReader(ledger, streams), streams)
    await known.refresh(RTA)
    assert known.of(RTA) == StorageFacts("9", "0xb")


async def test_what_is_down_leaves_it_unknown_and_raises_nothing(streams):
    known = RememberedFacts(StreamReader(unreachable_ledger(), streams), streams)
    await known.refresh(RTA)
    streams.down = True
    await known.refresh(RTA)
    assert known.of(RTA) == StorageFacts()


async def test_it_is_looked_up_again_only_when_it_is_old(streams, ledger):
    clock = Clock()
    known = RememberedFacts(StreamReader(ledger, streams), streams, clock=clock)
    await remember(streams, RTA, 7)
    await known.refresh(RTA)
    streams.runs[RTA].data_set_id = 8
    await known.refresh(RTA)
    assert known.of(RTA).data_set_id == "7"
    clock.now_s += facts_module.FRESH_S
    await known.refresh(RTA)
    assert known.of(RTA).data_set_id == "8"


async def test_the_longest_unseen_is_forgotten(streams, ledger, monkeypatch):
    monkeypatch.setattr(facts_module, "MOST_STREAMS", 2)
    known = RememberedFacts(StreamReader(ledger, streams), streams)
    for number in range(3):
        await remember(streams, f"rta_{number}", number)
        await known.refresh(f"rta_{number}")
    assert [known.of(f"rta_{n}").data_set_id for n in range(3)] == [None, "1", "2"]
