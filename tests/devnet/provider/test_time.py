"""What happens when time passes: publishing, sweeping, forgetting, letting back in."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path

import httpx
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from devnet.provider.notices import Notices
from devnet.provider.state import Database
from tests.devnet.provider.embedded import FWSS, QUICK, embedded
from tests.devnet.provider.payer import entries, upload
from vibesflow.filecoin import PieceCid, piece_cid_of


async def _until(check: Callable[[], Awaitable[bool]]) -> None:
    async with asyncio.timeout(10):
        while not await check():
            await asyncio.sleep(0.01)


async def _status(http: httpx.AsyncClient, cid: PieceCid) -> int:
    return (await http.get("/pdp/piece", params={"pieceCid": cid.text})).status_code


async def test_a_piece_is_findable_after_the_publishing_delay(tmp_path: Path) -> None:
    async with embedded(tmp_path, replace(QUICK, publish_delay_s=5)) as provider:
        http = provider.http
        cid = await upload(http, os.urandom(300))
        body = {"recordKeeper": FWSS, "pieces": entries([cid]), "extraData": "0x00"}
        assert await _status(http, cid) == 404
        assert (await http.get(f"/piece/{cid}")).status_code == 200
        early = await http.post("/pdp/data-sets/create-and-add", json=body)
        assert (early.status_code, "not found" in early.text) == (400, True)

        provider.clock.now_s += 4.9
        assert await _status(http, cid) == 404
        provider.clock.now_s += 0.1
        assert await _status(http, cid) == 200


async def test_a_piece_that_nobody_commits_is_dropped(tmp_path: Path) -> None:
    async with embedded(tmp_path) as provider:
        cid = await upload(provider.http, os.urandom(300))
        provider.clock.now_s += 2 * 3600 - 1
        await asyncio.sleep(0.1)
        assert await _status(provider.http, cid) == 200
        again = await upload(provider.http, os.urandom(300))

        provider.clock.now_s += 2

        async def dropped() -> bool:
            return await _status(provider.http, cid) == 404

        await _until(dropped)
        assert await _status(provider.http, again) == 200
        assert [file.name for file in tmp_path.glob("pieces/*/*")] == [again.text]


async def test_sessions_that_nobody_finalizes_are_dropped(tmp_path: Path) -> None:
    async with embedded(tmp_path) as provider:
        place = (await provider.http.post("/pdp/piece/uploads")).headers["location"]
        await provider.http.put(place, content=os.urandom(300))
        assert len(list((tmp_path / "incoming").iterdir())) == 1

        provider.clock.now_s += 3601

        async def dropped() -> bool:
            return not list((tmp_path / "incoming").iterdir())

        await _until(dropped)
        assert (await provider.http.put(place, content=os.urandom(300))).status_code == 404


async def test_not_found_is_forgotten_after_five_seconds(tmp_path: Path) -> None:
    async with embedded(tmp_path) as provider:
        payload = os.urandom(300)
        path = f"/piece/{piece_cid_of(payload)}"
        assert (await provider.http.head(path)).status_code == 404
        await upload(provider.http, payload)
        provider.clock.now_s += 4.9
        assert (await provider.http.head(path)).status_code == 404
        provider.clock.now_s += 0.2
        assert (await provider.http.head(path)).status_code == 200


async def test_five_additions_to_a_missing_data_set_end_in_five_minutes_away(
    tmp_path: Path,
) -> None:
    async with embedded(tmp_path) as provider:
        http = provider.http
        cid = await upload(http, os.urandom(300))
        body = {"pieces": entries([cid]), "extraData": "0x00"}

        async def add() -> httpx.Response:
            return await http.post("/pdp/data-sets/7/pieces", json=body)

        for _ in range(4):
            assert (await add()).status_code == 404
        provider.clock.now_s += 61
        for _ in range(5):
            assert (await add()).status_code == 404
        away = await add()
        assert (away.status_code, away.headers["retry-after"]) == (429, "300")
        assert (await http.get("/pdp/ping")).status_code == 429
        assert (await http.get(f"/piece/{cid}")).status_code == 200
        provider.clock.now_s += 300
        assert (await http.get("/pdp/ping")).status_code == 200


async def test_whoever_asked_is_told_when_the_piece_is_published(tmp_path: Path) -> None:
    heard: list[object] = []

    async def listen(request: Request) -> Response:
        heard.append(await request.json())
        return Response()

    listener = Starlette(routes=[Route("/told", listen, methods=["POST"])])
    async with (
        embedded(tmp_path, replace(QUICK, publish_delay_s=5)) as provider,
        httpx.AsyncClient(transport=httpx.ASGITransport(listener)) as http,
    ):
        payload = os.urandom(300)
        cid = piece_cid_of(payload)
        place = (await provider.http.post("/pdp/piece/uploads")).headers["location"]
        await provider.http.put(place, content=payload)
        bad = {"pieceCid": cid.text, "notify": "file:///etc"}
        assert (await provider.http.post(place, json=bad)).status_code == 400
        body = {"pieceCid": cid.text, "notify": "http://listener/told"}
        assert (await provider.http.post(place, json=body)).status_code == 200

        database = Database(tmp_path / "provider.sqlite")
        due_at_s = provider.clock.now_s + 5
        await Notices(database, http, lambda: due_at_s - 0.1).send_due()
        assert heard == []
        await Notices(database, http, lambda: due_at_s).send_due()
        await Notices(database, http, lambda: due_at_s).send_due()
        assert heard == [{"pieceCid": cid.text}]
        database.close()


async def test_a_piece_whose_row_was_not_written_any_more_is_adopted(tmp_path: Path) -> None:
    async with embedded(tmp_path) as provider:
        cid = await upload(provider.http, os.urandom(300))
    database = Database(tmp_path / "provider.sqlite")
    assert await database.execute("DELETE FROM pieces") == 1
    database.close()
    async with embedded(tmp_path) as provider:
        assert await _status(provider.http, cid) == 200
