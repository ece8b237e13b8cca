"""docs/devnet.md names every fault, every point, every address and every admin route."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from devnet.ports import Ports
from devnet.provider.admin import FAULTS_PATH, Admin
from devnet.provider.fault_kinds import KINDS, POINTS, FaultKind
from devnet.provider.faults import FaultName, Point
from devnet.provider.switchboard import Switchboard

PAGE = (Path(__file__).parents[2] / "docs" / "devnet.md").read_text()
ROWS = {
    name: cells.split(" | ")
    for name, cells in re.findall(r"^\| `([a-z-]+)` \| (.*) \|$", PAGE, re.MULTILINE)
}


def test_the_tables_hold_every_fault_and_every_point_and_nothing_else() -> None:
    assert set(ROWS) == {*FaultName, *Point}


@pytest.mark.parametrize(("name", "kind"), KINDS.items())
def test_each_fault_is_told_as_the_code_tells_it(name: FaultName, kind: FaultKind) -> None:
    does, at, delay = ROWS[name]
    assert does == kind.does
    assert bool(at.strip()) == bool(kind.points)
    assert kind.delay.lower() in delay.lower()
    assert bool(delay.strip(" |")) == bool(kind.delay)
    if kind.usual_delay_s:
        assert f"{kind.usual_delay_s:g} by default" in delay


@pytest.mark.parametrize(("point", "words"), POINTS.items())
def test_each_point_is_told_as_the_code_tells_it(point: Point, words: str) -> None:
    assert ROWS[point] == [words]


def test_the_admin_routes_are_all_there() -> None:
    told = set(re.findall(r"^\| `([A-Z]+) (/admin/\S+)` \|", PAGE, re.MULTILINE))
    routes = Admin(Switchboard()).routes()
    assert told == {
        (method, route.path)
        for route in routes
        for method in route.methods or ()
        if method != "HEAD"
    }
    assert any(route.path == FAULTS_PATH for route in routes)


def test_the_addresses_are_those_of_the_fixed_ports() -> None:
    ports = Ports()
    for port in (ports.chain, ports.provider_1, ports.provider_2, ports.provider_3):
        assert f"`http://127.0.0.1:{port}`" in PAGE
