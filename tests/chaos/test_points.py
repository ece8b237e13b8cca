"""An order kills the process that reaches the point, once, and not the next."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.chaos.points import POINTS, Orders, Tripwire

_ROOT = Path(__file__).parents[2]
_PROGRAM = (
    "import sys; from pathlib import Path; from tests.chaos.points import Tripwire\n"
    "Tripwire(Path(sys.argv[1]), 'api').reached('stage.after'); print('alive')"
)


def _reach(folder: Path) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(  # noqa: S603 - our own program, no shell
        [sys.executable, "-c", _PROGRAM, folder], cwd=_ROOT, capture_output=True, check=False
    )


def test_an_order_strikes_once(tmp_path: Path) -> None:
    orders = Orders(tmp_path)
    assert _reach(tmp_path).stdout == b"alive\n"
    orders.plant("api.stage.after")
    assert _reach(tmp_path).returncode == -signal.SIGKILL
    assert _reach(tmp_path).stdout == b"alive\n"
    assert orders.struck() == {"api.stage.after": 1}


def test_an_order_can_be_withdrawn(tmp_path: Path) -> None:
    orders = Orders(tmp_path)
    orders.plant("worker.submit.before")
    orders.withdraw()
    Tripwire(tmp_path, "worker").reached("submit.before")
    assert not orders.struck()


def test_a_misspelt_point_is_no_order_that_never_strikes(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="no such point"):
        Orders(tmp_path).plant("worker.sumbit.before")


def test_every_step_of_the_worker_has_two_points() -> None:
    assert {"worker.submit.before", "worker.submit.after"} <= set(POINTS["worker"])
    assert all(len(points) % 2 == 0 for points in POINTS.values())
