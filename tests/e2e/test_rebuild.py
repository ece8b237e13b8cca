"""The tables are dropped and rebuilt from chain and documents; nobody can tell."""

from __future__ import annotations

import asyncio
import json
import subprocess
import zlib
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import pytest

from tests.e2e.session import LATER_MS, sound
from tests.e2e.small_archive import SmallArchive, small_archive
from tests.e2e.table import Dump, RawTable
from tests.fixtures.world import VIBESFLOW
from vibesflow.settings import TableSettings

pytestmark = pytest.mark.timeout(300)

UNKNOWN_OF_OPEN_ROWS = {"uploadedAt"}
"""Of a chunk that is in no document: when its row was written."""
UNKNOWN_OF_OPEN_STREAMS = {"rev"}
"""How often a stream was written to that is not complete."""
UNKNOWN_OF_REOPENED_STREAMS = {"rev", "opened_sort"}
"""And when it was reopened."""


async def replies(archive: SmallArchive) -> dict[str, Any]:
    """All that clients can ask, by what they ask for; lists without their order of opening."""
    asked = ["/api/vibestreams", "/api/all-rtas"]
    for stream in archive.streams.values():
        asked += [f"/filecoin/status/{stream.rta_id}"]
        asked += [f"/upload/status/{chunk_id}" for chunk_id in stream.chunk_ids]
    found = {}
    for path in asked:
        answer = await archive.door.get(path)
        found[path] = (answer.status_code, answer.json())
    found["/api/all-rtas"][1]["incomplete_rtas"].sort(key=lambda rta: rta["rta_id"])
    return found


async def rebuild(archive: SmallArchive, *options: str, exit_code: int = 0) -> Any:
    """Run the command; its environment has the payer's address and no key."""
    assert not any("KEY" in name for name in archive.environment if "VIBESFLOW" in name)
    done = await asyncio.to_thread(
        subprocess.run,
        [VIBESFLOW, "rebuild", "--json", *options],
        env=archive.environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == exit_code, done.stderr
    return json.loads(done.stdout) if exit_code == 0 else done.stderr


@dataclass(frozen=True)
class Rebuilt:
    """What was there, what is there after the tables were lost, and what the command said."""

    was: Dump
    was_said: dict[str, Any]
    now: Dump
    now_said: dict[str, Any]
    report: dict[str, Any]


@pytest.fixture(scope="module")
def own_tables(table_endpoint: str) -> TableSettings:
    return TableSettings(
        endpoint=table_endpoint, metadata_name="LostStreams", chunks_name="LostChunks"
    )


@pytest.fixture(scope="module")
def table(own_tables: TableSettings) -> RawTable:
    endpoint = own_tables.endpoint or ""
    return RawTable(endpoint, own_tables.metadata_name, own_tables.chunks_name)


@pytest.fixture(scope="module")
async def archive(
    tmp_path_factory: pytest.TempPathFactory, own_tables: TableSettings
) -> AsyncIterator[SmallArchive]:
    async with small_archive(tmp_path_factory.mktemp("rebuild"), own_tables) as made:
        await record(made)
        yield made


async def record(archive: SmallArchive) -> None:
    """Streams of every kind, all at once."""
    await asyncio.gather(
        with_final(archive),
        by_silence(archive),
        reopened(archive),
        reopened_and_open(archive),
        recording(archive),
        two_sessions(archive),
        identical(archive, "same1"),
        identical(archive, "same2", creator="someone-else.near"),
    )


async def with_final(archive: SmallArchive) -> None:
    stream = archive.stream("final")
    await stream.send(1, 0, 2, final=2)
    await stream.until(completed=True, uploaded=3)


async def by_silence(archive: SmallArchive) -> None:
    """Chunk 1 never comes."""
    stream = archive.stream("silence")
    await stream.send(0, 2, 3, window_s=2)
    await stream.until(completed=True, uploaded=3)


async def reopened(archive: SmallArchive) -> None:
    """Three versions."""
    stream = archive.stream("reopened")
    await stream.send(0, 2, final=2, window_s=2)
    await stream.until(completed=True, uploaded=2)
    await stream.send(1, window_s=2)
    await stream.until(completed=True, uploaded=3)
    await stream.send(0, 1, final=1, session_ms=LATER_MS, window_s=2)
    await stream.until(completed=True, uploaded=5)


async def reopened_and_open(archive: SmallArchive) -> None:
    stream = archive.stream("again")
    await stream.send(0, 1, final=1, window_s=2)
    await stream.until(completed=True, uploaded=2)
    await archive.until_ended(stream)
    await stream.send(0, session_ms=LATER_MS)
    await stream.until(completed=False, uploaded=3)


async def recording(archive: SmallArchive) -> None:
    stream = archive.stream("live", creator="night/owl.near")
    await stream.send(0, 1, 3, producer="left/1")
    await stream.until(completed=False, uploaded=3)


async def two_sessions(archive: SmallArchive) -> None:
    stream = archive.stream("two")
    await stream.send(0, 1, producer="a", window_s=2)
    await stream.send(0, 2, session_ms=LATER_MS, producer="b", window_s=2)
    await stream.until(completed=True, uploaded=4)


async def identical(archive: SmallArchive, name: str, creator: str = "dj.near") -> None:
    """The same bytes in two streams: one piece a data set, noted for whoever came first."""
    stream = archive.stream(name, creator)
    await stream.send(0, content=sound("jingle"))
    await stream.send(1, final=1)
    await stream.until(completed=True, uploaded=2)


@pytest.fixture(scope="module")
async def rebuilt(archive: SmallArchive, table: RawTable) -> Rebuilt:
    for name, stream in archive.streams.items():
        if name not in ("live", "again"):
            await archive.until_ended(stream)
    await rows_are_written(archive, table)
    before, said_before = table.dump(), await replies(archive)
    table.drop()
    assert table.names() == []
    dry = await rebuild(archive, "--dry-run")
    assert table.names() == []
    report = await rebuild(archive)
    assert (dry["rows_written"], dry["streams"]) == (report["rows_written"], report["streams"])
    return Rebuilt(before, said_before, table.dump(), await replies(archive), report)


async def rows_are_written(archive: SmallArchive, table: RawTable) -> None:
    """A running stream shows a chunk as uploaded a moment before its row is written."""
    async with asyncio.timeout(60):
        for stream in archive.streams.values():
            while table.summary(stream.rta_id)["uploaded"] < len(stream.chunk_ids):
                await asyncio.sleep(0.1)


def test_every_row_and_snapshot_is_as_it_was(archive: SmallArchive, rebuilt: Rebuilt) -> None:
    assert rebuilt.now.chunks.keys() == rebuilt.was.chunks.keys()
    undocumented = {
        *archive.streams["live"].chunk_ids,
        *archive.streams["again"].chunk_ids[2:],
    }
    for key, row in rebuilt.was.chunks.items():
        unknown = UNKNOWN_OF_OPEN_ROWS if row.get("chunk_id") in undocumented else set()
        assert without(rebuilt.now.chunks[key], unknown) == without(row, unknown), key


def test_every_summary_is_as_it_was(archive: SmallArchive, rebuilt: Rebuilt) -> None:
    assert rebuilt.now.streams.keys() == rebuilt.was.streams.keys()
    unknown = {
        archive.streams["live"].rta_id: UNKNOWN_OF_OPEN_STREAMS,
        archive.streams["again"].rta_id: UNKNOWN_OF_REOPENED_STREAMS,
    }
    for rta_id, summary in rebuilt.was.streams.items():
        left_out = unknown.get(rta_id, set())
        assert without(rebuilt.now.streams[rta_id], left_out) == without(summary, left_out)


def test_clients_get_the_same_replies(rebuilt: Rebuilt) -> None:
    assert rebuilt.now_said.keys() == rebuilt.was_said.keys()
    for path, reply in rebuilt.was_said.items():
        assert rebuilt.now_said[path] == reply, path


def test_it_says_what_it_could_not_know(archive: SmallArchive, rebuilt: Rebuilt) -> None:
    report = rebuilt.report
    assert report["streams_written"] == len(archive.streams)
    assert report["rows_written"] == sum(len(s.chunk_ids) for s in archive.streams.values())
    assert report["unknown"] == {"written_at": 4, "rev": 2, "reopened_at": 1, "missing": 1}
    said = {stream["rta_id"]: stream["unknown"] for stream in report["streams"]}
    assert said[archive.streams["reopened"].rta_id] == []
    live = {each["fact"]: each["what"] for each in said[archive.streams["live"].rta_id]}
    assert live["missing"] == "2"


async def test_again_it_writes_nothing(
    archive: SmallArchive, table: RawTable, rebuilt: Rebuilt
) -> None:
    again = await rebuild(archive)
    assert (again["rows_written"], again["streams_written"]) == (0, 0)
    assert [stream["differing"] for stream in again["streams"]] == [[]] * len(archive.streams)
    assert table.dump() == rebuilt.now


async def test_one_stream_goes_into_tables_of_its_own(
    archive: SmallArchive, own_tables: TableSettings, rebuilt: Rebuilt
) -> None:
    two = archive.streams["two"]
    named = ["--rta", two.rta_id, "--rta", "rta_nobody"]
    said = await rebuild(archive, "--into-prefix", "Second", *named, exit_code=8)
    assert "not on chain: rta_nobody" in said
    names = (f"Second{own_tables.metadata_name}", f"Second{own_tables.chunks_name}")
    second = RawTable(own_tables.endpoint or "", *names).dump()
    assert second.streams == {two.rta_id: rebuilt.was.streams[two.rta_id]}
    assert len([key for _, key in second.chunks if key.startswith("C#")]) == len(two.chunk_ids)


async def test_a_stream_that_was_live_goes_on(
    archive: SmallArchive, table: RawTable, rebuilt: Rebuilt
) -> None:
    stream = archive.streams["live"]
    await stream.send(2, 4, final=4, producer="left/1")
    await stream.until(completed=True, uploaded=5)
    summary = table.summary(stream.rta_id)
    assert (summary["chunks"], summary["uploaded"], summary["document_version"]) == (5, 5, 1)


def without(item: dict[str, Any], names: set[str]) -> dict[str, Any]:
    plain = {name: value for name, value in item.items() if name not in names}
    if "z" in plain:
        plain["z"] = json.loads(zlib.decompress(bytes(plain["z"])))
    return plain
