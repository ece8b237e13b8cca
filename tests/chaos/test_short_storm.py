"""Half a minute of `make chaos`: the same program, clients, storm and judge."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

_ROOT = Path(__file__).parents[2]
_LIMIT_S = 900
_LEAST_KILLS = 12

pytestmark = pytest.mark.timeout(_LIMIT_S + 60)


def test_no_acknowledged_chunk_is_lost_or_doubled(tmp_path: Path) -> None:
    options = ["--seed", "4", "--minutes", "0.5", "--kills-per-minute", "60"]
    done = subprocess.run(  # noqa: S603 - our own program, no shell
        [sys.executable, "-m", "tests.chaos", *options, "--folder", tmp_path],
        cwd=_ROOT,
        capture_output=True,
        text=True,
        timeout=_LIMIT_S,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-6_000:] + done.stderr[-3_000:]
    (report_file,) = tmp_path.glob("*/report.json")
    report = json.loads(report_file.read_text())
    assert (report["lost"], report["doubled"], report["wrong"]) == ([], [], [])
    assert report["kills"] >= _LEAST_KILLS
    assert report["acknowledged"] > report["streams"] >= 3
