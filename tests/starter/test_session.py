import asyncio
import re
from collections.abc import AsyncIterator

import pytest

from starter.clock import SystemClock
from starter.delivery import FIRST_PAUSE_S, LONGEST_PAUSE_S
from starter.numbering import OutgoingChunk, new_rta_id
from starter.session import Finished, StreamingSession
from tests.fakes.streams import FakeStreams
from tests.starter.clocks import HandClock
from vibesflow.errors import (
    ChunkTooLarge,
    ChunkTooSmall,
    InvalidInput,
    InvalidRtaId,
    StagingDown,
    TemporalDown,
)
from vibesflow.ingest import Receiver
from vibesflow.media import encode_melody
from vibesflow.staging import FileStaging
from vibesflow.stream.chunk import ChunkRef
from vibesflow.stream.ids import parse_chunk_id
from vibesflow.stream.status import StreamState

AUDIO = encode_melody(0.5)
T0_MS = 1_712_345_678_901


class ShakyStreams(FakeStreams):
    """Fails some submissions: before the chunk is taken, or after, so that the answer is lost."""

    failing_before: int = 0
    failing_after: int = 0

    async def submit(self, chunk: ChunkRef) -> None:
        if self.failing_before:
            self.failing_before -= 1
            raise TemporalDown("the Temporal server does not answer")
        await super().submit(chunk)
        if self.failing_after:
            self.failing_after -= 1
            raise TemporalDown("the answer was lost")


class ShakyStaging(FileStaging):
    failing: int = 0

    async def stage(self, key, source, *, max_bytes):
        if self.failing:
            self.failing -= 1
            async for _ in source:
                raise StagingDown("No space left on device")
        return await super().stage(key, source, max_bytes=max_bytes)


@pytest.fixture
def streams():
    return ShakyStreams()


@pytest.fixture
def staging(tmp_path):
    return ShakyStaging(tmp_path)


@pytest.fixture
def clock():
    return HandClock(T0_MS)


@pytest.fixture
def begin(streams, staging, clock):
    def session(**options):
        receiver = Receiver(staging, streams, max_bytes=100_000)
        return StreamingSession(
            receiver, **{"creator": "dj.near", "clock": clock, "live": streams} | options
        )

    return session


async def read_all(staging, key: str) -> bytes:
    return b"".join([block async for block in staging.read(key)])


async def in_blocks(data: bytes, size: int = 1_000) -> AsyncIterator[bytes]:
    for at in range(0, len(data), size):
        yield data[at : at + size]


async def test_chunks_are_numbered_staged_and_signalled_in_order(begin, streams, staging):
    audio = [encode_melody(0.1 * length) for length in range(1, 5)]
    async with begin(rta_id="rta_1_ab12cd", participants=7, producer="mic-2") as session:
        for data in audio[:-1]:
            await session.send(data, duration_ms=60_000)
        finished = await session.finish(audio[-1], duration_ms=12_345)

    ids = [chunk.chunk_id for chunk in streams.submitted]
    assert ids == [
        f"rta_1_ab12cd_chunk_000_{T0_MS}",
        f"rta_1_ab12cd_chunk_001_{T0_MS + 60_000}",
        f"rta_1_ab12cd_chunk_002_{T0_MS + 120_000}",
        f"rta_1_ab12cd_chunk_003_{T0_MS + 180_000}_final",
    ]
    for chunk, data in zip(streams.submitted, audio, strict=True):
        assert await read_all(staging, chunk.staging_key) == data
        assert chunk.session_started_at_ms == T0_MS
        assert (chunk.creator, chunk.participants, chunk.producer) == ("dj.near", 7, "mic-2")
        assert chunk.content_type == "audio/webm"
    assert [chunk.is_final for chunk in streams.submitted] == [False, False, False, True]
    assert finished.receipt.chunk == streams.submitted[-1]
    assert finished.completion is None


async def test_a_receipt_means_durable_and_accepted(begin, streams, staging):
    receipt = await begin().send(AUDIO)
    assert receipt.created
    assert streams.submitted == [receipt.chunk]
    assert (await staging.stat(receipt.chunk.staging_key)).size == len(AUDIO)


async def test_a_stream_id_is_made_up_the_way_clients_do(begin, clock):
    session = begin()
    assert re.fullmatch(rf"rta_{T0_MS}_[0-9a-z]{{6}}", session.rta_id)
    assert new_rta_id(T0_MS) != new_rta_id(T0_MS)


async def test_a_bad_stream_id_is_refused_at_once(begin):
    with pytest.raises(InvalidRtaId):
        begin(rta_id="../etc")


async def test_a_chunk_of_unknown_length_leaves_the_time_of_the_next_to_the_clock(
    begin, streams, clock
):
    session = begin()
    await session.send(AUDIO)
    clock.pass_s(61)
    await session.send(AUDIO, duration_ms=1_000)
    await session.send(AUDIO, started_at_ms=42)
    starts = [chunk.started_at_ms for chunk in streams.submitted]
    assert starts == [T0_MS, T0_MS + 61_000, 42]


@pytest.mark.parametrize("form", ["iterator", "function"])
async def test_audio_may_come_in_blocks(begin, streams, staging, form):
    data = in_blocks(AUDIO) if form == "iterator" else lambda: in_blocks(AUDIO)
    streams.failing_before = 2
    receipt = await begin().send(data)
    assert await read_all(staging, receipt.chunk.staging_key) == AUDIO


async def test_while_temporal_is_down_the_same_chunk_is_tried_again(begin, streams, clock):
    streams.failing_before = 8
    receipt = await begin().send(AUDIO)
    assert len(streams.submitted) == 1
    assert receipt.created is False  # its bytes were staged by the first try
    assert clock.slept_s[0] == FIRST_PAUSE_S
    assert clock.slept_s == sorted(clock.slept_s)
    assert max(clock.slept_s) == LONGEST_PAUSE_S


async def test_while_staging_is_down_the_same_chunk_is_tried_again(begin, streams, staging):
    staging.failing = 3
    receipt = await begin().send(in_blocks(AUDIO))
    assert receipt.created
    assert await read_all(staging, receipt.chunk.staging_key) == AUDIO


async def test_a_lost_answer_makes_no_second_chunk(begin, streams):
    streams.failing_after = 1
    session = begin()
    await session.send(AUDIO)
    await session.send(AUDIO + bytes(1))
    run = streams.runs[session.rta_id]
    assert [view.sequence for view in run.chunks.values()] == [0, 1]
    assert run.duplicates == 1


async def test_patience_ends_and_the_lost_number_stays_a_gap(begin, streams, clock):
    session = begin(patience_s=20)
    streams.failing_before = 1_000
    with pytest.raises(TemporalDown):
        await session.send(AUDIO, duration_ms=1_000)
    assert 10 < sum(clock.slept_s) <= 20
    streams.failing_before = 0
    await session.send(AUDIO, duration_ms=1_000)
    assert [chunk.sequence for chunk in streams.submitted] == [1]


async def test_a_cancelled_delivery_does_not_free_its_number(begin, streams, clock):
    session = begin()
    asleep = asyncio.Event()

    async def sleep(_seconds):
        asleep.set()
        await asyncio.Future()

    clock.sleep = sleep
    streams.failing_after = 1
    sending = asyncio.create_task(session.send(AUDIO))
    await asleep.wait()
    sending.cancel()
    with pytest.raises(asyncio.CancelledError):
        await sending
    await session.send(AUDIO + bytes(1))
    assert [chunk.sequence for chunk in streams.submitted] == [0, 1]


@pytest.mark.parametrize(
    ("data", "error"),
    [
        (bytes(126), ChunkTooSmall),
        (bytes(100_001), ChunkTooLarge),
        (in_blocks(bytes(100_001)), ChunkTooLarge),
    ],
    ids=["small", "large", "large in blocks"],
)
async def test_a_refused_chunk_frees_its_number(begin, streams, clock, data, error):
    session = begin()
    with pytest.raises(error):
        await session.send(data, duration_ms=5_000)
    assert clock.slept_s == []
    await session.send(AUDIO, duration_ms=1_000)
    assert [(chunk.sequence, chunk.started_at_ms) for chunk in streams.submitted] == [(0, T0_MS)]


@pytest.mark.parametrize(
    ("fault", "named"),
    [({"creator": ""}, "creator"), ({"participants": -1}, "participants")],
)
async def test_what_no_chunk_may_say_is_refused_in_words(begin, streams, fault, named):
    with pytest.raises(InvalidInput, match=named):
        await begin(**fault).send(AUDIO)
    assert streams.submitted == []


async def test_concurrent_sends_take_turns(begin, streams):
    session = begin()
    audio = [encode_melody(0.02 * length) for length in range(1, 11)]
    await asyncio.gather(*(session.send(data, duration_ms=20) for data in audio))
    assert [chunk.sequence for chunk in streams.submitted] == list(range(10))
    assert [chunk.size for chunk in streams.submitted] == [len(data) for data in audio]


async def test_send_all_marks_the_last_of_a_generator(begin, streams):
    async def generator():
        for length in range(1, 4):
            yield OutgoingChunk(encode_melody(0.1 * length), duration_ms=100 * length)
        yield AUDIO

    receipts = await begin().send_all(generator())
    assert [receipt.chunk.is_final for receipt in receipts] == [False, False, False, True]
    assert [receipt.chunk for receipt in receipts] == streams.submitted
    assert [chunk.started_at_ms - T0_MS for chunk in streams.submitted] == [0, 100, 300, 600]


async def test_send_all_of_nothing_sends_nothing(begin, streams):
    async def generator():
        for data in ():
            yield data

    assert await begin().send_all(generator()) == []
    assert streams.submitted == []


async def test_a_finished_session_takes_nothing_more(begin, streams):
    session = begin()
    await session.finish(AUDIO)
    with pytest.raises(RuntimeError, match="finished"):
        await session.send(AUDIO)
    async with begin() as left:
        pass
    with pytest.raises(RuntimeError, match="finished"):
        await left.send(AUDIO)
    assert len(streams.submitted) == 1


async def test_finishing_without_audio_leaves_the_stream_to_its_window(begin, streams):
    session = begin()
    await session.send(AUDIO)
    assert await session.finish() == Finished()
    assert session.rta_id in streams.runs


async def test_finishing_can_complete_the_stream_by_hand(begin, streams):
    session = begin()
    await session.send(AUDIO)
    streams.has_worker = False
    finished = await session.finish(complete=True)
    assert finished.completion.state is StreamState.FINISHING


async def test_completing_needs_a_client(begin):
    with pytest.raises(RuntimeError, match="without a client"):
        await begin(live=None).finish(complete=True)


async def test_sessions_of_one_stream_do_not_collide(begin, streams, clock):
    first = begin(rta_id="rta_1_ab12cd")
    await first.send(AUDIO, duration_ms=1_000)
    clock.pass_s(1)
    second = begin(rta_id="rta_1_ab12cd")
    await second.send(AUDIO, duration_ms=1_000)
    assert len(streams.runs["rta_1_ab12cd"].chunks) == 2
    keys = {parse_chunk_id(chunk.chunk_id).key for chunk in streams.submitted}
    assert len(keys) == 2


async def test_the_system_clock_is_the_machines():
    clock = SystemClock()
    before_ms, before_s = clock.now_ms(), clock.elapsed_s()
    await clock.sleep(0.02)
    assert clock.now_ms() - before_ms >= 15
    assert clock.elapsed_s() - before_s >= 0.015
