import asyncio
import json
import re
import signal
import time

import pytest
from temporalio.client import WorkflowHandle
from temporalio.service import RPCError

from starter.cli.exits import ExitCode
from tests.media.sounds import encoded, samples_in, silent_video, wav
from tests.starter.terminal import CommandLine, words
from vibesflow.media import encode_melody
from vibesflow.settings import TemporalSettings
from vibesflow.stream.chunk import ChunkRef
from vibesflow.stream.ids import parse_chunk_id
from workflows.connection import connect
from workflows.messages import RtaInput, workflow_id


async def signalled(environment: dict[str, str], rta_id: str) -> tuple[RtaInput, list[ChunkRef]]:
    """What Temporal has accepted for a stream: its start and its chunks, from history."""
    client = await connect(settings_of(environment))
    handle: WorkflowHandle = client.get_workflow_handle(workflow_id(rta_id))
    start, chunks = None, []
    async for event in handle.fetch_history_events():
        if event.HasField("workflow_execution_started_event_attributes"):
            started = event.workflow_execution_started_event_attributes
            [start] = await client.data_converter.decode(started.input.payloads, [RtaInput])
        if event.HasField("workflow_execution_signaled_event_attributes"):
            signal = event.workflow_execution_signaled_event_attributes
            chunks += await client.data_converter.decode(signal.input.payloads, [ChunkRef])
    return start, chunks


def settings_of(environment: dict[str, str]):
    return TemporalSettings(
        address=environment["VIBESFLOW_TEMPORAL_ADDRESS"],
        namespace=environment["VIBESFLOW_TEMPORAL_NAMESPACE"],
    )


async def staged(staging, key: str) -> bytes:
    return b"".join([block async for block in staging.read(key)])


def test_a_file_is_cut_staged_and_signalled(vibesflow, environment, staging, tmp_path):
    song = tmp_path / "song.mp3"
    song.write_bytes(encoded("mp3", "libmp3lame", seconds=5))
    answer = vibesflow.json(
        "record", str(song), "--chunk-seconds", "2", "--creator", "dj.near",
        "--participants", "4", "--producer", "desk", "--window", "33",
    )  # fmt: skip
    assert re.fullmatch(r"rta_\d{13}_[0-9a-z]{6}", answer["rta_id"])
    assert [chunk["sequence"] for chunk in answer["chunks"]] == [0, 1, 2]
    assert [chunk["is_final"] for chunk in answer["chunks"]] == [False, False, True]
    assert [chunk["duration_ms"] for chunk in answer["chunks"][:2]] == [2_000, 2_000]
    assert answer["duration_ms"] == pytest.approx(5_000, abs=100)
    assert (answer["interrupted"], answer["damaged_packets"]) == (False, 0)

    start, chunks = asyncio.run(signalled(environment, answer["rta_id"]))
    assert start.options.window_s == 33
    assert [chunk.chunk_id for chunk in chunks] == [c["chunk_id"] for c in answer["chunks"]]
    for chunk in chunks:
        assert (chunk.creator, chunk.participants, chunk.producer) == ("dj.near", 4, "desk")
        data = asyncio.run(staged(staging, chunk.staging_key))
        assert samples_in(data) == pytest.approx(48 * chunk.duration_ms, abs=48)


def test_a_person_is_told_what_is_safe(vibesflow, tmp_path):
    song = tmp_path / "song.webm"
    song.write_bytes(encode_melody(2.5))
    result = vibesflow("record", str(song), "--chunk-seconds", "1", "--rta", "rta_1_person")
    assert result.exit_code == 0
    assert "Acknowledged 3 chunks, 0:02, 0.0" in words(result.stdout)
    assert "vibesflow status rta_1_person" in words(result.stdout)
    assert "Recording as rta_1_person" in result.stderr


def test_a_pipe_is_recorded_while_it_lasts(spawn, environment):
    process = spawn("record", "-", "--chunk-seconds", "4", "--json", "--rta", "rta_1_pipe")
    tone = wav(12 * 48_000)
    process.stdin.write(tone[: 9 * 96_000])
    process.stdin.flush()

    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:  # two chunks are acknowledged while the pipe is open
        try:
            _, chunks = asyncio.run(signalled(environment, "rta_1_pipe"))
        except RPCError:  # nothing has come yet
            chunks = []
        if len(chunks) == 2:
            break
        time.sleep(0.2)
    assert [chunk.is_final for chunk in chunks] == [False, False]
    assert process.poll() is None

    out, err = process.communicate(tone[9 * 96_000 :], timeout=30)
    assert process.returncode == 0, err
    answer = json.loads(out)
    assert [chunk["duration_ms"] for chunk in answer["chunks"]] == [4_000, 4_000, 4_000]
    assert answer["chunks"][-1]["is_final"]
    assert err == b""


def until(pipe, text: str) -> None:
    """Read lines until one holds the text."""
    for line in iter(pipe.readline, b""):
        if text in line.decode():
            return
    raise AssertionError(f"the process ended without saying {text!r}")


def test_ctrl_c_ends_a_recording_in_order(spawn, environment):
    process = spawn("record", "-", "--chunk-seconds", "3600", "--rta", "rta_1_once")
    process.stdin.write(wav(6 * 48_000))
    process.stdin.flush()
    until(process.stderr, "Recording as rta_1_once")
    process.send_signal(signal.SIGINT)
    until(process.stderr, "Stopping")
    out, err = process.communicate(timeout=30)
    assert process.returncode == 0, err
    assert "1 chunk, 0:06" in words(out.decode())
    _, [chunk] = asyncio.run(signalled(environment, "rta_1_once"))
    assert chunk.is_final
    assert chunk.duration_ms == 6_000  # also what still was in the pipe


def test_a_second_ctrl_c_leaves_at_once(spawn, environment, tmp_path):
    (tmp_path / "blocked").write_text("a file, so the last chunk cannot be staged")
    environment["VIBESFLOW_STAGING_URL"] = (tmp_path / "blocked").as_uri()
    process = spawn("record", "-", "--chunk-seconds", "3600", "--rta", "rta_1_twice")
    process.stdin.write(wav(6 * 48_000))
    process.stdin.flush()
    until(process.stderr, "Recording as rta_1_twice")
    process.send_signal(signal.SIGINT)
    until(process.stderr, "Stopping")
    process.send_signal(signal.SIGINT)
    until(process.stderr, "Error: interrupted")
    out, _ = process.communicate(timeout=30)
    assert process.returncode == ExitCode.INTERRUPTED
    assert out == b""


@pytest.mark.parametrize(
    ("content", "reason"),
    [(None, "No such file"), (b"words" * 50, "not audio"), (silent_video(), "no audio track")],
    ids=["missing", "text", "silent video"],
)
def test_bad_input_sends_nothing(vibesflow, tmp_path, content, reason):
    path = tmp_path / "input"
    if content is not None:
        path.write_bytes(content)
    result = vibesflow("record", str(path), "--json")
    assert result.exit_code == ExitCode.INPUT
    assert result.stdout == ""
    assert reason in result.stderr
    assert not (tmp_path / "staging").exists()


def test_temporal_that_is_down_is_named(vibesflow, tmp_path):
    song = tmp_path / "song.webm"
    song.write_bytes(encode_melody(0.5))
    vibesflow.environment["VIBESFLOW_TEMPORAL_ADDRESS"] = "127.0.0.1:9"
    result = vibesflow("record", str(song))
    assert result.exit_code == ExitCode.DEPENDENCY_DOWN
    assert "no Temporal server at 127.0.0.1:9" in result.stderr


def test_staging_that_cannot_be_written_is_named(vibesflow, tmp_path):
    song = tmp_path / "song.webm"
    song.write_bytes(encode_melody(0.5))
    (tmp_path / "blocked").write_text("a file, not a folder")
    vibesflow.environment["VIBESFLOW_STAGING_URL"] = (tmp_path / "blocked").as_uri()
    result = vibesflow("record", str(song), "--patience", "0")
    assert result.exit_code == ExitCode.DEPENDENCY_DOWN
    assert "0 chunks had been acknowledged before this:\nError: " in result.stderr
    assert "staging_down" in result.stderr


@pytest.mark.parametrize(
    "option", [("--rta", "no/slash"), ("--creator", ""), ("--creator", "x" * 129)]
)
def test_ids_outside_their_limits_are_refused(vibesflow, tmp_path, option):
    song = tmp_path / "song.webm"
    song.write_bytes(encode_melody(0.5))
    assert vibesflow("record", str(song), *option).exit_code == ExitCode.INPUT


def test_realtime_sends_no_chunk_early(vibesflow, tmp_path):
    song = tmp_path / "song.webm"
    song.write_bytes(encode_melody(2.0))
    begun = time.monotonic()
    vibesflow.json("record", str(song), "--chunk-seconds", "1", "--realtime")
    assert time.monotonic() - begun >= 2.0


def test_files_are_streamed_as_they_are(vibesflow, environment, staging, tmp_path):
    files = {
        "a.webm": encode_melody(1.5),
        "b.ogg": encoded("ogg", "libopus", seconds=2, rate=48_000),
        "c.mp3": encoded("mp3", "libmp3lame", seconds=1),
    }
    for name, data in files.items():
        (tmp_path / name).write_bytes(data)
    answer = vibesflow.json("stream", *(str(tmp_path / name) for name in files))
    _, chunks = asyncio.run(signalled(environment, answer["rta_id"]))
    assert [chunk.content_type for chunk in chunks] == ["audio/webm", "audio/ogg", "audio/mpeg"]
    assert [chunk.is_final for chunk in chunks] == [False, False, True]
    assert chunks[0].duration_ms == 1_500
    assert chunks[1].started_at_ms == chunks[0].started_at_ms + 1_500
    for chunk, data in zip(chunks, files.values(), strict=True):
        assert asyncio.run(staged(staging, chunk.staging_key)) == data
        assert parse_chunk_id(chunk.chunk_id).rta_id == answer["rta_id"]


def test_one_file_that_is_no_audio_stops_all_of_them(vibesflow, tmp_path):
    (tmp_path / "a.webm").write_bytes(encode_melody(0.5))
    (tmp_path / "b.webm").write_bytes(b"no audio" * 40)
    result = vibesflow("stream", str(tmp_path / "a.webm"), str(tmp_path / "b.webm"))
    assert result.exit_code == ExitCode.INPUT
    assert "b.webm is not audio" in result.stderr
    assert not (tmp_path / "staging").exists()


def test_a_pipe_cannot_be_streamed_and_the_advice_names_record(vibesflow):
    result = vibesflow("stream", "-")
    assert result.exit_code == ExitCode.USAGE
    assert "vibesflow record -" in words(result.stderr)


def test_settings_come_from_a_file_in_either_place(environment, tmp_path, monkeypatch):
    song = tmp_path / "song.webm"
    song.write_bytes(encode_melody(0.5))
    file = tmp_path / "world.env"
    file.write_text("".join(f"{name}={value}\n" for name, value in environment.items()))
    for name in environment:
        monkeypatch.setenv(name, "nonsense")
    alone = CommandLine({})
    alone.json("record", str(song), "--env-file", str(file))
    for name in environment:
        monkeypatch.setenv(name, "nonsense")
    alone.json("--env-file", str(file), "record", str(song))
    assert alone("--env-file", str(tmp_path / "none"), "list").exit_code == ExitCode.SETTINGS
