"""Crashes and faults of the staging folder."""

from __future__ import annotations

import asyncio
import errno
import os
import resource
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.staging.audio import audio, digest, get, held, put
from vibesflow.errors import ChunkConflict, StagedBytesCorrupt, StagedBytesMissing, StagingDown
from vibesflow.staging import FileStaging, Staged, disk
from vibesflow.staging.spool import Spool

KEY = "rta_1/0000000000001-00000001-0"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return tmp_path / "staging"


@pytest.fixture
def staging(root: Path) -> FileStaging:
    return FileStaging(root)


def incoming(root: Path) -> list[str]:
    return [path.name for path in (root / ".incoming").iterdir()]


def all_files(root: Path) -> list[str]:
    return [path.relative_to(root).as_posix() for path in root.rglob("*") if path.is_file()]


def acknowledged_by_a_killed_process(url: str) -> list[tuple[int, str]]:
    acknowledged: list[tuple[int, str]] = []
    child = subprocess.Popen(  # noqa: S603 - our own module, no shell
        [sys.executable, "-m", "tests.staging.stage_forever", url],
        stdout=subprocess.PIPE,
        text=True,
    )
    assert child.stdout is not None
    with child.stdout as lines:
        for line in lines:
            number, _, key = line.strip().partition(" ")
            acknowledged.append((int(number), key))
            if len(acknowledged) == 400:
                child.kill()
    assert child.wait() == -9
    return acknowledged


async def test_nothing_but_the_key_remains_after_any_outcome(
    root: Path, staging: FileStaging
) -> None:
    await put(staging, KEY, audio(1))
    await put(staging, KEY, audio(1))
    with pytest.raises(ChunkConflict):
        await put(staging, KEY, audio(2))
    await staging.release(KEY)
    await staging.check()
    assert incoming(root) == []
    assert all_files(root) == [KEY]


async def test_a_killed_process_loses_nothing_that_it_acknowledged(root: Path) -> None:
    acknowledged = await asyncio.to_thread(acknowledged_by_a_killed_process, f"file://{root}")
    staging = FileStaging(root)
    known = {}
    for number, key in acknowledged:
        data = audio(number, 20_000)
        known[key] = await staging.stat(key)
        assert known[key] == Staged(20_000, digest(data), released=number % 3 == 0)
        if number % 3:
            assert await get(staging, key) == data
        with pytest.raises(ChunkConflict):
            await put(staging, key, audio(number + 1_000_000, 20_000))
    for key in set(await held(staging)) - known.keys():
        number = int(key.split("/")[1].split("-")[0])
        assert await get(staging, key) == audio(number, 20_000), "named before it was whole"


async def test_a_crash_before_the_name_leaves_the_key_free(
    root: Path, staging: FileStaging
) -> None:
    await staging.check()
    spool = Spool(root / ".incoming")
    spool.write([audio(1)])
    spool.seal(durable=True)
    assert await staging.stat(KEY) is None
    assert await held(staging) == []
    assert (await put(staging, KEY, audio(2))).created


async def test_a_crash_after_the_name_leaves_the_key_held(root: Path, staging: FileStaging) -> None:
    await staging.check()
    spool = Spool(root / ".incoming")
    spool.write([audio(1)])
    spool.seal(durable=True)
    assert disk.publish(spool.path, root / KEY)
    assert len(incoming(root)) == 1
    assert await get(staging, KEY) == audio(1)
    assert not (await put(staging, KEY, audio(1))).created
    with pytest.raises(ChunkConflict):
        await put(staging, KEY, audio(2))


async def test_a_crash_in_the_middle_of_a_release_keeps_the_bytes(
    root: Path, staging: FileStaging, monkeypatch: pytest.MonkeyPatch
) -> None:
    await put(staging, KEY, audio(1))

    def power_cut(self: Path, target: Path) -> Path:
        raise OSError("the lights went out")

    with monkeypatch.context() as patch:
        patch.setattr(Path, "replace", power_cut)
        with pytest.raises(StagingDown, match="lights"):
            await staging.release(KEY)
    assert await get(staging, KEY) == audio(1)
    with pytest.raises(ChunkConflict):
        await put(staging, KEY, audio(2))
    await staging.release(KEY)
    assert await held(staging) == []


async def test_what_a_dead_process_left_is_swept_by_age(root: Path, staging: FileStaging) -> None:
    await staging.check()
    old, young = Spool(root / ".incoming"), Spool(root / ".incoming")
    old.seal(durable=False)
    young.seal(durable=False)
    long_ago_s = time.time() - 3_700
    os.utime(old.path, (long_ago_s, long_ago_s))
    await staging.check()
    assert len(incoming(root)) == 2, "swept once an hour, not at every call"
    await FileStaging(root).check()
    assert incoming(root) == [young.path.name]


async def test_the_duplicate_of_a_lost_answer_is_synced_too(
    root: Path, staging: FileStaging, monkeypatch: pytest.MonkeyPatch
) -> None:
    await put(staging, KEY, audio(1))
    synced: list[Path] = []
    real = disk.sync_folder
    monkeypatch.setattr(disk, "sync_folder", lambda path: (synced.append(path), real(path)))
    assert not (await put(staging, KEY, audio(1))).created
    assert synced == [root / "rta_1", root]


async def test_bytes_are_synced_before_they_are_named(
    root: Path, staging: FileStaging, monkeypatch: pytest.MonkeyPatch
) -> None:
    steps: list[str] = []
    fsync, link = os.fsync, os.link

    def seen_fsync(descriptor: int) -> None:
        synced = Path(f"/proc/self/fd/{descriptor}").readlink()
        steps.append(f"fsync {synced.suffix or 'folder'}")
        fsync(descriptor)

    def seen_link(source: Path, target: Path) -> None:
        steps.append("link")
        link(source, target)

    await staging.check()
    monkeypatch.setattr(os, "fsync", seen_fsync)
    monkeypatch.setattr(os, "link", seen_link)
    await put(staging, KEY, audio(1))
    assert steps == ["fsync .part", "link", "fsync folder", "fsync folder"]


async def test_a_folder_that_cannot_be_written_is_staging_down(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("not a folder")
    staging = FileStaging(tmp_path / "file" / "staging")
    with pytest.raises(StagingDown):
        await staging.check()
    with pytest.raises(StagingDown):
        await put(staging, KEY, audio(1))


@pytest.fixture
def small_files() -> Iterator[None]:
    """Have the kernel refuse to write more than 100 bytes to any file, as a full disk would."""
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100, limits[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)


async def test_a_full_disk_is_staging_down_and_leaves_nothing(
    root: Path, staging: FileStaging, small_files: None
) -> None:
    for size in (1_000, 300_000):  # refused when the buffer is flushed, and at once
        with pytest.raises(StagingDown, match="too large"):
            await put(staging, KEY, audio(1, size))
        assert incoming(root) == []
        assert await staging.stat(KEY) is None


async def test_a_full_disk_makes_room_although_no_digest_can_be_written(
    root: Path, staging: FileStaging, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(self: Spool, blocks: list[bytes]) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    await put(staging, KEY, audio(1))
    with monkeypatch.context() as patch:
        patch.setattr(Spool, "write", full)
        await staging.release(KEY)
    assert all_files(root) == []
    assert await staging.stat(KEY) is None


async def test_a_file_that_is_no_record_is_corrupt(root: Path, staging: FileStaging) -> None:
    (root / "rta_1").mkdir(parents=True)
    (root / KEY).write_bytes(b"released by hand")
    with pytest.raises(StagedBytesCorrupt):
        await staging.stat(KEY)
    with pytest.raises(StagedBytesMissing):
        await get(staging, KEY)


async def test_strange_files_are_no_keys(root: Path, staging: FileStaging) -> None:
    await put(staging, KEY, audio(1))
    (root / "rta_1" / ".hidden").write_bytes(bytes(1_000))
    (root / "lost+found").mkdir()
    (root / "lost+found" / "x").write_bytes(bytes(1_000))
    (root / "a file").write_bytes(bytes(1_000))
    assert await held(staging) == [KEY]
