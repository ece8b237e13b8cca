"""The admin route: what it takes, how long faults last, who may use it."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

import httpx
import pytest

from devnet.provider.fault_kinds import KINDS, POINTS
from devnet.provider.faults import FaultName, Point
from devnet.provider.switchboard import Switchboard
from tests.devnet.provider.disturbed import FAULTS, Disturbed
from tests.devnet.provider.embedded import embedded


async def pings(http: httpx.AsyncClient, count: int) -> list[int]:
    return [(await http.get("/pdp/ping")).status_code for _ in range(count)]


def test_every_fault_and_every_point_is_described() -> None:
    assert set(KINDS) == set(FaultName)
    assert set(POINTS) == set(Point)


async def test_a_fault_ends_with_its_count(first: Disturbed) -> None:
    told = await first.fault("ping-refused", count=2)
    assert (told["count"], told["struck"], told["active"]) == (2, 0, True)
    assert await pings(first.http, 4) == [503, 503, 200, 200]
    (left,) = await first.faults()
    assert (left["struck"], left["active"]) == (2, False)


async def test_a_fault_ends_with_its_time(first: Disturbed) -> None:
    began_s = time.monotonic()
    told = await first.fault("ping-refused", seconds=0.3)
    assert 0 < told["ends_in_s"] <= 0.3
    assert await pings(first.http, 1) == [503]
    while (await pings(first.http, 1)) == [503]:
        await asyncio.sleep(0.02)
    assert 0.3 <= time.monotonic() - began_s < 5
    (left,) = await first.faults()
    assert (left["ends_in_s"], left["active"]) == (0, False)


async def test_a_fault_without_limits_ends_when_it_is_healed(first: Disturbed) -> None:
    await first.fault("ping-refused")
    await first.fault("error", at="find")
    assert await pings(first.http, 3) == [503] * 3
    await first.heal("ping-refused")
    assert await pings(first.http, 1) == [200]
    assert (await first.http.get("/pdp/piece?pieceCid=x")).status_code == 500
    await first.heal()
    assert await first.faults() == []
    assert (await first.http.get("/pdp/piece?pieceCid=x")).status_code == 400


async def test_a_fault_takes_the_place_of_its_like(first: Disturbed) -> None:
    await first.fault("error", at="ping", count=1)
    await first.fault("error", at="find")
    await first.fault("error", at="ping", count=3)
    told = {fault["at"]: fault["count"] for fault in await first.faults()}
    assert told == {"find": None, "ping": 3}


@pytest.mark.parametrize(
    ("order", "words"),
    [
        ({"name": "plague"}, "name"),
        ({"name": "error"}, "needs a point"),
        ({"name": "hang"}, "needs a point"),
        ({"name": "error", "at": "nowhere"}, "at"),
        ({"name": "error", "at": "confirm"}, "can be placed at"),
        ({"name": "full", "at": "receive"}, "knows its place"),
        ({"name": "full", "delay_s": 3}, "has no delay"),
        ({"name": "restart", "count": 2}, "strikes once"),
        ({"name": "restart", "seconds": 2}, "strikes once"),
        ({"name": "full", "count": 0}, "count"),
        ({"name": "full", "count": 1.5}, "count"),
        ({"name": "full", "seconds": -1}, "seconds"),
        ({"name": "full", "seconds": 1e9}, "seconds"),
        ({"name": "full", "times": 3}, "times"),
        ([], "object"),
    ],
)
async def test_what_the_route_does_not_take(first: Disturbed, order: object, words: str) -> None:
    refused = await first.http.put(FAULTS, json=order)
    assert (refused.status_code, words in refused.text) == (400, True), refused.text
    assert await first.faults() == []


async def test_broken_or_endless_json_is_refused(first: Disturbed) -> None:
    assert (await first.http.put(FAULTS, content=b"{")).status_code == 400
    assert (await first.http.put(FAULTS, content=b" " * 5_000)).status_code == 413


async def test_a_name_that_nobody_knows_cannot_be_healed(first: Disturbed) -> None:
    assert (await first.http.delete(f"{FAULTS}/plague")).status_code == 404


async def test_a_web_page_may_not_disturb(first: Disturbed) -> None:
    page = {"Origin": "http://somewhere"}
    order = {"name": "ping-refused"}
    assert (await first.http.put(FAULTS, json=order, headers=page)).status_code == 403
    assert (await first.http.delete(FAULTS, headers=page)).status_code == 403
    assert await pings(first.http, 1) == [200]


async def test_without_the_flag_there_is_no_admin_route(tmp_path: Path) -> None:
    async with embedded(tmp_path) as provider:
        assert (await provider.http.get(FAULTS)).status_code == 404
        order = {"name": "ping-refused"}
        assert (await provider.http.put(FAULTS, json=order)).status_code == 404


async def test_dying_is_told_before_it_is_done(tmp_path: Path) -> None:
    deaths: list[float] = []
    board = Switchboard(die=lambda: deaths.append(time.monotonic()))
    async with embedded(tmp_path, faults=board) as provider:
        answer = await provider.http.put(FAULTS, json={"name": "restart"})
        assert (answer.status_code, deaths) == (200, [])
        async with asyncio.timeout(5):
            while not deaths:
                await asyncio.sleep(0.01)
        await provider.http.put(FAULTS, json={"name": "restart", "at": "ping", "count": 1})
        assert len(deaths) == 1
        await pings(provider.http, 2)
        assert len(deaths) == 2
