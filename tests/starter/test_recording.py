import asyncio
import io
import os
import threading

import pytest

from starter.recording import open_recording
from tests.media.sounds import wav
from vibesflow.errors import InputUnreadable, InvalidAudio
from vibesflow.media import LivePipe


def opened(source, stop=None, *, chunk_s=0.5):
    stop = stop or threading.Event()
    return open_recording(source, name="tone.wav", chunk_s=chunk_s, bit_rate=48_000, stop=stop)


async def test_chunks_come_in_order_with_the_last_one_marked():
    async with opened(io.BytesIO(wav(60_000))) as recording:
        chunks = [chunk async for chunk in recording.chunks()]
    assert [chunk.samples for chunk in chunks] == [24_000, 24_000, 12_000]
    assert [chunk.is_last for chunk in chunks] == [False, False, True]
    assert recording.declared_ms == 1_250
    assert recording.damaged_packets == 0


async def test_the_next_chunk_is_cut_while_the_caller_works():
    read = 0

    class Counting(io.BytesIO):
        def read(self, size=-1, /):
            nonlocal read
            read += 1
            return super().read(size)

    async with opened(Counting(wav(48_000 * 30)), chunk_s=8) as recording:
        async for chunk in recording.chunks():
            if chunk.index == 0:
                before = read
                while read == before:
                    await asyncio.sleep(0.01)


async def test_what_is_no_audio_is_told_when_it_is_opened():
    with pytest.raises(InvalidAudio, match=r"tone\.wav"):
        async with opened(io.BytesIO(b"no audio" * 100)):
            pass


async def test_what_breaks_on_the_way_is_told():
    class Breaks(io.BytesIO):
        def read(self, size=-1, /):
            if self.tell() > 2_000_000:
                raise OSError(5, "Input/output error")
            return super().read(size)

    received = []
    with pytest.raises(InputUnreadable, match="Input/output error"):
        async with opened(Breaks(wav(48_000 * 30)), chunk_s=2) as recording:
            received += [chunk async for chunk in recording.chunks()]


async def test_leaving_early_waits_for_the_thread():
    stop = threading.Event()
    async with opened(io.BytesIO(wav(48_000 * 60)), stop, chunk_s=5) as recording:
        async for chunk in recording.chunks():
            assert not chunk.is_last
            break
    assert stop.is_set()


async def test_a_stop_ends_a_silent_pipe_with_what_has_come():
    reader, writer = os.pipe()
    stop = threading.Event()
    source = LivePipe(reader, stopped=stop.is_set)

    def feed():
        with os.fdopen(writer, "wb", closefd=False) as pipe:
            pipe.write(wav(48_000 * 7))

    feeding = threading.Thread(target=feed)
    feeding.start()
    chunks = []
    try:
        async with opened(source, stop, chunk_s=5) as recording:
            async for chunk in recording.chunks():
                chunks.append(chunk)
                asyncio.get_running_loop().call_later(0.3, stop.set)
    finally:
        feeding.join()
        os.close(writer)
        os.close(reader)
    assert [chunk.is_last for chunk in chunks] == [False, True]
    assert sum(chunk.samples for chunk in chunks) == 48_000 * 7


@pytest.mark.parametrize("fed", [0, 48_000 * 7], ids=["while it opens", "while it listens"])
async def test_cancelling_does_not_leave_a_thread_behind(fed):
    reader, writer = os.pipe()
    stop = threading.Event()
    begun = asyncio.Event()

    async def listen():
        async with opened(LivePipe(reader, stopped=stop.is_set), stop) as recording:
            async for _ in recording.chunks():
                begun.set()

    feeding = threading.Thread(target=os.write, args=(writer, wav(fed)[:60_000]))
    try:
        task = asyncio.create_task(listen())
        feeding.start()
        await asyncio.sleep(0.3)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asyncio.wait_for(task, 10)
        assert stop.is_set()
    finally:
        feeding.join()
        os.close(writer)
        os.close(reader)
