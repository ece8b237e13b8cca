import json
import sys
from pathlib import Path

import pytest

from starter.cli.exits import ExitCode
from tests.starter.terminal import CommandLine
from vibesflow.filecoin import piece_cid_of


@pytest.fixture
def alone():
    return CommandLine({})


def test_files_are_named_in_order(alone, tmp_path):
    data = [bytes([n]) * size for n, size in enumerate((127, 65_024, 300_001))]
    paths = []
    for n, block in enumerate(data):
        paths.append(str(tmp_path / f"[red]{n}.webm"))
        (tmp_path / f"[red]{n}.webm").write_bytes(block)
    assert alone.json("piece-cid", *paths) == [
        {"file": path, "piece_cid": piece_cid_of(block).text, "size": len(block)}
        for path, block in zip(paths, data, strict=True)
    ]
    text = alone("piece-cid", *paths).stdout
    assert all(
        path in text and piece_cid_of(block).text in text
        for path, block in zip(paths, data, strict=True)
    )


def test_standard_input_is_read_for_a_dash(alone):
    result = alone("piece-cid", "-", "--json", stdin=b"abc" * 1_000)
    assert json.loads(result.stdout) == [
        {"file": "-", "piece_cid": piece_cid_of(b"abc" * 1_000).text, "size": 3_000}
    ]


@pytest.mark.parametrize("name", ["nowhere.webm", "."])
def test_what_cannot_be_read_is_told(alone, name):
    result = alone("piece-cid", name)
    assert result.exit_code == ExitCode.INPUT
    assert f"cannot read {name}: " in result.stderr
    assert "input_unreadable" in result.stderr


def peak_kb(pid: int) -> int:
    status = Path(f"/proc/{pid}/status").read_text(encoding="ascii")
    return next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM"))


@pytest.mark.skipif(sys.platform != "linux", reason="reads the peak from /proc")
def test_memory_stays_constant(spawn):
    process = spawn("piece-cid", "-", "--json")
    peaks = []
    for _ in range(2):
        for _ in range(60):
            process.stdin.write(bytes(1_000_000))
        peaks.append(peak_kb(process.pid))
    out, _ = process.communicate(timeout=60)
    assert json.loads(out)[0]["size"] == 120_000_000
    assert peaks[1] - peaks[0] < 10_000
