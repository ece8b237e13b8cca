import json
import socket
from dataclasses import asdict
from pathlib import Path

import pytest

from devnet.data_dir import DataDir
from devnet.ports import LOOPBACK, Ports, fixed_ports, free_port, free_ports
from vibesflow.errors import DataDirBusy, PortInUse


def test_free_ports_differ_and_are_kept_for_the_next_time(tmp_path: Path) -> None:
    remembered = tmp_path / "ports.json"
    first = free_ports(remembered)
    assert len(set(asdict(first).values())) == len(asdict(first))
    assert free_ports(remembered) == first


def test_other_ports_are_taken_when_one_of_the_last_time_is_in_use(tmp_path: Path) -> None:
    remembered = tmp_path / "ports.json"
    first = free_ports(remembered)
    with socket.create_server((LOOPBACK, first.chain)):
        second = free_ports(remembered)
    assert first.chain not in asdict(second).values()
    assert Ports(**json.loads(remembered.read_text())) == second


@pytest.mark.parametrize("damage", ["", "[]", '{"api": 1, "unheard_of": 2}'])
def test_a_damaged_memory_is_forgotten(tmp_path: Path, damage: str) -> None:
    remembered = tmp_path / "ports.json"
    remembered.write_text(damage)
    assert free_ports(remembered) == Ports(**json.loads(remembered.read_text()))


def test_a_fixed_port_in_use_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    free = free_ports(tmp_path / "ports.json")
    monkeypatch.setattr("devnet.ports.Ports", lambda: free)
    assert fixed_ports() == free
    with (
        socket.create_server((LOOPBACK, free.provider_2)),
        pytest.raises(PortInUse, match=rf"port {free.provider_2} \(provider 2\)") as caught,
    ):
        fixed_ports()
    assert "--ports auto" in caught.value.advice


def test_a_data_folder_serves_one_world_at_a_time(tmp_path: Path) -> None:
    data = DataDir(tmp_path / "world")
    with data.held():
        with pytest.raises(DataDirBusy, match=r"in use by process \d+"), data.held():
            pass
        assert data.logs.is_dir()
    with data.held():
        pass


def test_a_picked_port_is_held_for_the_part_that_will_listen() -> None:
    port = free_port()
    with socket.socket() as another, pytest.raises(OSError, match="in use"):
        another.bind((LOOPBACK, port))
    with socket.create_server((LOOPBACK, port)), socket.create_connection((LOOPBACK, port)):
        pass
