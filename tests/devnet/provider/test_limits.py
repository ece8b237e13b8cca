from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from devnet.provider.answers import Refusal
from devnet.provider.faults import Faults, Point
from tests.devnet.provider.embedded import QUICK, embedded
from tests.devnet.provider.payer import upload


async def test_a_stream_of_unknown_length_ends_at_the_maximum(tmp_path: Path) -> None:
    async with embedded(tmp_path, replace(QUICK, max_piece_bytes=1_000_000)) as provider:
        place = (await provider.http.post("/pdp/piece/uploads")).headers["location"]

        async def endless() -> AsyncIterator[bytes]:
            while True:
                yield bytes(100_000)

        refused = await provider.http.put(place, content=endless())
        assert refused.status_code == 413
        assert not list((tmp_path / "incoming").iterdir())
        assert (await provider.http.put(place, content=bytes(1_000_000))).status_code == 204


async def test_an_upload_has_to_come_in_time(tmp_path: Path) -> None:
    async with embedded(tmp_path, replace(QUICK, upload_timeout_s=0.1)) as provider:
        place = (await provider.http.post("/pdp/piece/uploads")).headers["location"]

        async def stalling() -> AsyncIterator[bytes]:
            yield bytes(1_000)
            await asyncio.sleep(30)

        refused = await provider.http.put(place, content=stalling())
        assert (refused.status_code, "[eid: " in refused.text) == (500, True)
        assert not list((tmp_path / "incoming").iterdir())


async def test_a_json_body_has_a_limit(tmp_path: Path) -> None:
    async with embedded(tmp_path, replace(QUICK, max_json_bytes=1_000)) as provider:
        refused = await provider.http.post("/pdp/data-sets", content=b" " * 1_001)
        assert refused.status_code == 413


class _Gate(Faults):
    """Readers wait at the gate until it opens."""

    def __init__(self) -> None:
        self.open = asyncio.Event()

    async def reach(self, point: Point) -> None:
        if point is Point.RETRIEVE:
            await self.open.wait()


async def test_more_readers_than_allowed_are_sent_away(tmp_path: Path) -> None:
    gate = _Gate()
    async with embedded(tmp_path, replace(QUICK, max_retrievals=2), faults=gate) as provider:
        cid = await upload(provider.http, os.urandom(300))
        readers = [asyncio.create_task(provider.http.get(f"/piece/{cid}")) for _ in range(3)]
        await asyncio.sleep(0.1)
        gate.open.set()
        answers = await asyncio.gather(*readers)
        assert sorted(answer.status_code for answer in answers) == [200, 200, 429]
        assert (await provider.http.get(f"/piece/{cid}")).status_code == 200


class _Refusing(Faults):
    def __init__(self, *points: Point) -> None:
        self._points = points

    async def reach(self, point: Point) -> None:
        if point in self._points:
            raise Refusal(503, f"refused at {point}")


@pytest.mark.parametrize(
    ("point", "method", "path"),
    [
        (Point.PING, "GET", "/pdp/ping"),
        (Point.FIND, "GET", "/pdp/piece?pieceCid=x"),
        (Point.STATUS, "GET", "/pdp/data-sets/created/0x"),
        (Point.RETRIEVE, "GET", "/piece/x"),
    ],
)
async def test_faults_are_asked_at_their_points(
    tmp_path: Path, point: Point, method: str, path: str
) -> None:
    async with embedded(tmp_path, faults=_Refusing(point)) as provider:
        answer = await provider.http.request(method, path)
        assert (answer.status_code, answer.text) == (503, f"refused at {point}\n")
