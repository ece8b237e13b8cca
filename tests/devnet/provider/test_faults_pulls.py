"""Faults of pulls, and the status that each piece has afterwards."""

from __future__ import annotations

import asyncio
import os

import httpx
import pytest

from tests.devnet.provider.disturbed import Disturbed
from tests.devnet.provider.payer import JsonObject, Payer, upload
from tests.devnet.provider.process import World
from vibesflow.filecoin import PieceCid

PULL = "/pdp/piece/pull"


@pytest.fixture
def second_payer(world: World) -> Payer:
    return Payer(world.info, world.second.account.address)


@pytest.fixture
async def two(first: Disturbed) -> list[PieceCid]:
    return [await upload(first.http, os.urandom(400)) for _ in range(2)]


@pytest.fixture
def body(world: World, second_payer: Payer, two: list[PieceCid]) -> JsonObject:
    """A pull of two pieces from the first provider to the second."""
    return {
        "extraData": "0x" + second_payer.create_and_add(two).hex(),
        "recordKeeper": second_payer.fwss,
        "pieces": [
            {"pieceCid": cid.text, "sourceUrl": f"{world.first.url}/piece/{cid}"} for cid in two
        ],
    }


async def statuses(http: httpx.AsyncClient, body: JsonObject, *, until: set[str]) -> list[str]:
    """Poll until every piece's status is one of these; returns the whole's, then each piece's."""
    async with asyncio.timeout(20):
        while True:
            answer = await http.post(PULL, json=body)
            assert answer.status_code == 200, answer.text
            told = answer.json()
            found = [piece["status"] for piece in told["pieces"]]
            if set(found) <= until:
                return [told["status"], *found]
            await asyncio.sleep(0.05)


SETTLED = {"complete", "failed"}


async def test_one_piece_fails_and_the_other_is_complete(
    second: Disturbed, two: list[PieceCid], body: JsonObject
) -> None:
    await second.fault("pull-failure", count=1)
    told = await statuses(second.http, body, until=SETTLED)
    assert told == ["complete", "failed", "complete"]
    assert (await second.http.get(f"/piece/{two[0]}")).status_code == 404
    assert (await second.http.get(f"/piece/{two[1]}")).status_code == 200


async def test_all_pieces_fail(second: Disturbed, body: JsonObject) -> None:
    await second.fault("pull-failure")
    assert await statuses(second.http, body, until=SETTLED) == ["failed"] * 3


async def test_a_source_that_serves_wrong_bytes_fails_the_piece(
    first: Disturbed, second: Disturbed, two: list[PieceCid], body: JsonObject
) -> None:
    await first.fault("wrong-bytes", count=2)
    assert await statuses(second.http, body, until=SETTLED) == ["failed"] * 3


async def test_a_fetch_that_stumbles_is_tried_again_by_the_next_process(
    world: World, first: Disturbed, second: Disturbed, body: JsonObject
) -> None:
    await second.fault("error", at="fetch", count=1)
    await first.fault("truncated-bytes", count=1)
    told = await statuses(second.http, body, until={"retrying"})
    assert told == ["retrying"] * 3
    await asyncio.to_thread(world.second.restart_after_kill)
    assert await statuses(second.http, body, until=SETTLED) == ["complete"] * 3


async def test_a_fetch_that_hangs_is_in_progress(second: Disturbed, body: JsonObject) -> None:
    await second.fault("hang", at="fetch")
    assert await statuses(second.http, body, until={"inProgress"}) == ["inProgress"] * 3
    await second.heal()
    assert await statuses(second.http, body, until=SETTLED) == ["complete"] * 3


async def test_a_provider_that_is_full_or_busy_takes_no_new_pull(
    second: Disturbed, body: JsonObject
) -> None:
    await second.fault("full")
    refused = await second.http.post(PULL, json=body)
    assert (refused.status_code, "no space left" in refused.text) == (500, True)
    await second.heal()
    await second.fault("busy", at="pull", delay_s=60, count=1)
    refused = await second.http.post(PULL, json=body)
    assert (refused.status_code, refused.headers["retry-after"]) == (429, "60")
    assert await statuses(second.http, body, until=SETTLED) == ["complete"] * 3


async def test_a_full_provider_still_tells_how_far_a_pull_is(
    second: Disturbed, body: JsonObject
) -> None:
    assert await statuses(second.http, body, until=SETTLED) == ["complete"] * 3
    await second.fault("full")
    assert (await second.http.post(PULL, json=body)).status_code == 200
    await second.fault("error", at="status", count=1)
    assert (await second.http.post(PULL, json=body)).status_code == 500


async def test_a_pull_is_complete_when_its_pieces_can_be_committed(
    second: Disturbed, two: list[PieceCid], body: JsonObject
) -> None:
    await second.fault("publish-delay", delay_s=1)
    assert await statuses(second.http, body, until=SETTLED) == ["complete"] * 3
    for cid in two:
        found = await second.http.get("/pdp/piece", params={"pieceCid": cid.text})
        assert found.status_code == 200, found.text


async def test_a_pull_is_called_complete_too_early(
    second: Disturbed, two: list[PieceCid], body: JsonObject
) -> None:
    await second.fault("unpublished-pull", delay_s=2)
    assert await statuses(second.http, body, until=SETTLED) == ["complete"] * 3
    find = {"params": {"pieceCid": two[0].text}}
    assert (await second.http.get("/pdp/piece", **find)).status_code == 404
    async with asyncio.timeout(20):
        while (await second.http.get("/pdp/piece", **find)).status_code != 200:
            await asyncio.sleep(0.1)
