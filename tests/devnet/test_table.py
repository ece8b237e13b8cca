from __future__ import annotations

import os
from pathlib import Path

import pytest

from devnet.probes import http_answers
from devnet.table import TableEngine, table_environment, table_part
from tests.staging.audio import audio, digest, put
from vibesflow.errors import PartNotStarted, PortInUse, TableDown
from vibesflow.ledger import DynamoLedger, create_tables
from vibesflow.settings import StagingSettings, TableSettings
from vibesflow.staging.s3 import S3Staging
from vibesflow.stream.records import StreamOpening

OPENING = StreamOpening(rta_id="rta_1", creator="a", opened_at="2026-01-01T00:00:00.000Z")


def is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


async def test_what_was_stored_is_there_after_a_clean_stop(tmp_path: Path) -> None:
    engine = TableEngine(log=tmp_path / "log", state=tmp_path / "state")
    table = TableSettings(endpoint=engine.url)
    staging = S3Staging.open(
        bucket="staging", prefix="", endpoint=engine.url, region=StagingSettings().s3_region
    )
    engine.start()
    pid = engine.pid
    create_tables(table)
    DynamoLedger(table).open_stream(OPENING)
    await staging.create_bucket()
    await put(staging, "rta_1/chunk", audio(1))
    engine.stop()
    assert not is_alive(pid)
    with pytest.raises(TableDown):
        DynamoLedger(table).check()
    engine.start()
    try:
        assert DynamoLedger(table).get_stream("rta_1") is not None
        known = await staging.stat("rta_1/chunk")
        assert known is not None
        assert known.sha256 == digest(audio(1))
    finally:
        engine.stop()


async def test_the_part_is_ready_when_its_probe_says_so(table_engine: TableEngine) -> None:
    part = table_part(table_engine.port)
    assert await part.probe()
    assert part.environment["BIND_HOST"] == "127.0.0.1"
    assert "STATE_DIR" not in table_environment(1)
    assert not await http_answers("http://127.0.0.1:9/_ministack/health")()


def test_a_port_that_is_taken_is_told(table_engine: TableEngine, tmp_path: Path) -> None:
    with pytest.raises(PortInUse):
        TableEngine(log=tmp_path / "log", port=table_engine.port).start()


@pytest.fixture
def program(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """Return where a program stands that is taken for the engine's."""
    monkeypatch.setattr("devnet.table._ROOT", tmp_path)
    path = tmp_path / ".venv-table" / "bin" / "ministack"
    path.parent.mkdir(parents=True)
    path.touch(mode=0o755)
    return path


def test_an_engine_that_ends_is_told_with_its_own_words(program: Path, tmp_path: Path) -> None:
    program.write_text("#!/bin/sh\necho the disk is on fire\nexit 3\n")
    with pytest.raises(PartNotStarted, match="the disk is on fire"):
        TableEngine(log=tmp_path / "log").start()


def test_an_engine_that_neither_answers_nor_stops_is_killed(
    program: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program.write_text("#!/bin/sh\ntrap '' TERM\necho $$\nwhile :; do sleep 0.1; done\n")
    monkeypatch.setattr("devnet.table._START_LIMIT_S", 0.5)
    monkeypatch.setattr("devnet.table._STOP_LIMIT_S", 0.5)
    with pytest.raises(PartNotStarted, match="does not answer"):
        TableEngine(log=tmp_path / "log").start()
    assert not is_alive(int((tmp_path / "log").read_text()))


def test_an_engine_that_does_not_run_has_no_pid(tmp_path: Path) -> None:
    with pytest.raises(PartNotStarted):
        _ = TableEngine(log=tmp_path / "log").pid


def test_a_missing_program_is_told_with_the_way_to_get_it(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("devnet.table._ROOT", tmp_path)
    with pytest.raises(PartNotStarted, match="make install"):
        TableEngine(log=tmp_path / "log").start()
