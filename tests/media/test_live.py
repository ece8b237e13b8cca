import os
import subprocess
import sys
import threading
import time

from tests.media.sounds import wav
from vibesflow.media import Decoder, LivePipe, cut_audio

_FEEDER = """
import sys, time
data = open(sys.argv[1], "rb").read()
for at in range(0, len(data), 9_600):
    sys.stdout.buffer.write(data[at : at + 9_600])
    sys.stdout.buffer.flush()
    time.sleep(float(sys.argv[2]))
if len(sys.argv) > 3:
    time.sleep(float(sys.argv[3]))
"""


def feeder(path, *arguments):
    command = [sys.executable, "-c", _FEEDER, str(path), *map(str, arguments)]
    return subprocess.Popen(command, stdout=subprocess.PIPE)  # noqa: S603 - our own code


def test_a_process_pipes_audio_and_the_chunks_come_while_it_still_runs(tmp_path):
    source = tmp_path / "tone.wav"
    source.write_bytes(wav(9 * 48_000))
    with feeder(source, 0.03) as process:  # FFmpeg looks at five seconds before it begins
        pipe = LivePipe(process.stdout.fileno(), stopped=lambda: False)
        with Decoder(pipe, name="pipe") as decoder:
            chunks = cut_audio(decoder, chunk_s=1.0)
            first = next(chunks)
            assert process.poll() is None
            rest = list(chunks)
    assert [chunk.samples for chunk in (first, *rest)] == [48_000] * 9
    assert rest[-1].is_last


def test_a_silent_pipe_can_be_told_to_end(tmp_path):
    source = tmp_path / "tone.wav"
    source.write_bytes(wav(48_000))
    asked = threading.Event()
    with feeder(source, 0.0, 60) as process:
        pipe = LivePipe(process.stdout.fileno(), stopped=asked.is_set)
        threading.Timer(1.0, asked.set).start()
        with Decoder(pipe, name="pipe") as decoder:
            begun = time.monotonic()
            chunks = list(cut_audio(decoder, chunk_s=0.75))
        assert time.monotonic() - begun < 10
        process.terminate()
    assert [chunk.is_last for chunk in chunks] == [False, True]
    assert sum(chunk.samples for chunk in chunks) == 48_000


def test_an_endless_pipe_that_is_told_to_end_does():
    with subprocess.Popen(["yes"], stdout=subprocess.PIPE) as process:  # noqa: S607
        stopped = False
        pipe = LivePipe(process.stdout.fileno(), stopped=lambda: stopped)
        assert pipe.read(10)
        stopped = True
        rest = sum(len(data) for data in iter(lambda: pipe.read(32_768), b""))
        process.kill()
    assert 0 < rest <= 2 * 1024 * 1024


def test_reading_gives_what_is_there_without_waiting_for_more():
    reader, writer = os.pipe()
    try:
        os.write(writer, b"now")
        pipe = LivePipe(reader, stopped=lambda: False)
        assert pipe.read(65_536) == b"now"
        os.write(writer, b"long")
        assert pipe.read(2) == b"lo"
        os.close(writer)
        assert pipe.read(10) == b"ng"
        assert pipe.read(10) == b""
    finally:
        os.close(reader)
