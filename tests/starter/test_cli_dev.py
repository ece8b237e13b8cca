import json
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from contextlib import suppress
from pathlib import Path

import pytest

from devnet.data_dir import DataDir
from devnet.parts import PART_NAMES
from devnet.ports import LOOPBACK, Ports
from starter.cli.exits import ExitCode
from tests.starter.terminal import CommandLine


@pytest.fixture
def bare() -> CommandLine:
    """The command line with no setting at all."""
    return CommandLine({})


def test_a_port_in_use_is_named_with_the_way_out(bare: CommandLine, tmp_path: Path) -> None:
    with socket.socket() as taken:
        with suppress(OSError):  # somebody else's listener does as well
            taken.bind((LOOPBACK, Ports().api))
            taken.listen()
        result = bare("dev", "--data-dir", str(tmp_path / "data"))
    assert result.exit_code == ExitCode.INCOMPLETE
    assert "port 3001 (api) is in use [port_in_use]" in result.stderr
    assert "--ports auto" in result.stderr


def test_a_folder_in_use_is_named_with_the_way_out(bare: CommandLine, tmp_path: Path) -> None:
    with DataDir(tmp_path / "data").held():
        result = bare("dev", "--ports", "auto", "--data-dir", str(tmp_path / "data"))
    assert result.exit_code == ExitCode.INCOMPLETE
    assert f"is in use by process {os.getpid()} [data_dir_busy]" in result.stderr
    assert "--data-dir" in result.stderr


def test_a_table_engine_that_is_not_there_is_named(bare: CommandLine, tmp_path: Path) -> None:
    options = ("--ports", "auto", "--data-dir", str(tmp_path / "data"))
    engine = ("--table-engine", "dynamodb-local", "--dynamodb-jar", str(tmp_path / "none.jar"))
    result = bare("dev", *options, *engine)
    assert result.exit_code == ExitCode.INCOMPLETE
    assert "DynamoDB Local needs" in result.stderr
    assert "[part_not_started]" in result.stderr


@pytest.mark.timeout(180)
def test_the_world_is_printed_and_stopped_by_a_signal(bare: CommandLine, tmp_path: Path) -> None:
    ready_file = tmp_path / "ready.json"
    threading.Thread(target=interrupt_when_there, args=(ready_file,), daemon=True).start()
    options = ("--ports", "auto", "--data-dir", tmp_path / "data", "--ready-file", ready_file)
    facts = bare.json("dev", *map(str, options))
    assert isinstance(facts, dict)
    assert isinstance(facts["pids"], dict)
    assert set(facts["pids"]) == set(PART_NAMES)
    assert facts["env_file"] == str(tmp_path / "data" / "env")
    assert not ready_file.exists()


def interrupt_when_there(ready_file: Path) -> None:
    while not ready_file.exists():
        time.sleep(0.1)
    os.kill(os.getpid(), signal.SIGTERM)


@pytest.mark.timeout(180)
def test_without_restarts_the_death_of_a_part_ends_the_world(tmp_path: Path) -> None:
    ready_file = tmp_path / "ready.json"
    options = ["--ports", "auto", "--data-dir", "data", "--ready-file", ready_file, "--no-restart"]
    with subprocess.Popen(  # noqa: S603 - our own program
        [Path(sys.executable).with_name("vibesflow"), "dev", *options],
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as world:
        while not ready_file.exists():
            assert world.poll() is None
            time.sleep(0.1)
        os.kill(json.loads(ready_file.read_text())["pids"]["worker"], signal.SIGKILL)
        out, err = world.communicate()
    assert world.returncode == ExitCode.INCOMPLETE
    assert re.search(r"API +http://127\.0\.0\.1:\d+", out)
    assert "worker ended with code -9 [part_not_started]" in err
