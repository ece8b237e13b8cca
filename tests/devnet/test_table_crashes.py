"""Engines that keep what they acknowledged when they are killed."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from devnet.data_dir import DataDir
from devnet.parts import prepared_table_part
from devnet.ports import Ports, free_ports
from devnet.supervisor import Supervisor
from devnet.table import table_url
from devnet.table_engines import TableChoice, TableEngineName, chosen_table_part
from vibesflow.errors import PartNotStarted, VibesflowError
from vibesflow.ledger import DynamoLedger
from vibesflow.settings import TableSettings
from vibesflow.stream.records import StreamOpening

pytestmark = pytest.mark.timeout(240)

ROUNDS = 4
WRITERS = 4


@pytest.fixture
def ports(tmp_path: Path) -> Ports:
    return free_ports(tmp_path / "ports.json")


@pytest.fixture(autouse=True)
def credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "000000000000")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "local")


@pytest.fixture(params=[TableEngineName.ROTO, TableEngineName.DYNAMODB_LOCAL])
def choice(request: pytest.FixtureRequest) -> TableChoice:
    if request.param is TableEngineName.ROTO:
        return TableChoice()
    jar = request.config.getoption("--dynamodb-jar")
    if jar is None:
        pytest.skip("needs --dynamodb-jar with the path of DynamoDBLocal.jar, and Java")
    return TableChoice(request.param, Path(jar).resolve())


async def test_no_acknowledged_row_is_lost_however_often_the_engine_is_killed(
    tmp_path: Path, ports: Ports, choice: TableChoice
) -> None:
    data = DataDir(tmp_path / "data")
    data.table.mkdir(parents=True)
    ledger = DynamoLedger(TableSettings(endpoint=table_url(ports.table)))
    told: list[str] = []
    async with Supervisor(tmp_path) as supervisor:
        await supervisor.start(prepared_table_part(data, ports, choice))
        for round_number in range(ROUNDS):
            pid = supervisor.pids["table"]
            writing = [
                asyncio.to_thread(_write, ledger, f"rta_{round_number}_{writer}", told)
                for writer in range(WRITERS)
            ]
            writers = asyncio.gather(*writing)
            while len(told) < 25 * (round_number + 1):
                await asyncio.sleep(0.01)
            os.kill(pid, signal.SIGKILL)
            await writers
            await supervisor.revived("table", after=pid)
            found = [await asyncio.to_thread(ledger.get_stream, rta_id) for rta_id in told]
            assert [row and row.rta_id for row in found] == told


def _write(ledger: DynamoLedger, name: str, told: list[str]) -> None:
    """Open streams until the engine is gone."""
    for number in _count():
        rta_id = f"{name}_{number}"
        opening = StreamOpening(rta_id=rta_id, creator="a", opened_at="2026-01-01T00:00:00.000Z")
        try:
            ledger.open_stream(opening)
        except VibesflowError:
            return
        told.append(rta_id)


def _count() -> Iterator[int]:
    yield from range(10_000)


def test_what_an_engine_lacks_is_said(
    tmp_path: Path, ports: Ports, monkeypatch: pytest.MonkeyPatch
) -> None:
    local = TableChoice(TableEngineName.DYNAMODB_LOCAL, tmp_path / "none.jar")
    monkeypatch.setattr("devnet.table_engines.shutil.which", lambda _name: "/usr/bin/java")
    with pytest.raises(PartNotStarted, match=r"its jar; there is none at .*none\.jar"):
        chosen_table_part(local, ports.table, tmp_path)
    monkeypatch.setattr("devnet.table_engines.shutil.which", lambda _name: None)
    with pytest.raises(PartNotStarted, match="needs Java"):
        chosen_table_part(replace(local, jar=None), ports.table, tmp_path)
    monkeypatch.setattr("devnet.table._ROOT", tmp_path)
    with pytest.raises(PartNotStarted, match=r"no .*roto-server.*make install"):
        chosen_table_part(TableChoice(), ports.table, tmp_path)


def test_ministack_is_a_choice(tmp_path: Path, ports: Ports) -> None:
    part = chosen_table_part(TableChoice(TableEngineName.MINISTACK), ports.table, tmp_path)
    assert part.argv[0].endswith("ministack")
    assert part.environment["STATE_DIR"].startswith(str(tmp_path))
