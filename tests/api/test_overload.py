"""Too much at once: bounded for all, for one creator, and in what it takes of memory."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager

from tests.api.door import AUDIO, Door, headers_of, open_door
from tests.samples import chunk_id_of


@asynccontextmanager
async def held(door: Door, *sequences: int, creator: str):
    """Uploads that have begun and do not end."""
    go_on = asyncio.Event()

    async def hold():
        yield AUDIO[:1_000]
        await go_on.wait()
        yield AUDIO[1_000:]

    def begin(sequence: int):
        said = headers_of(chunk_id_of(sequence), **{"X-Creator": creator})
        said["Content-Type"] = "audio/webm"
        return asyncio.create_task(door.client.post("/upload", content=hold(), headers=said))

    before = door.services.admission.slots.total
    uploads = [begin(sequence) for sequence in sequences]
    while door.services.admission.slots.total < before + len(uploads):
        await asyncio.sleep(0.01)
    yield
    go_on.set()
    for reply in await asyncio.gather(*uploads):
        assert reply.status_code == 202, reply.text


async def test_uploads_beyond_the_most_are_turned_away_and_places_given_back(ledger, tmp_path):
    async with open_door(ledger, tmp_path / "staging", max_uploads=2) as door:
        async with held(door, 1, 2, creator="a"):
            for way in (door.send_raw, door.send_json):
                refused = await way(chunk_id_of(3))
                assert (refused.status_code, refused.json()["code"]) == (503, "overloaded")
                assert refused.headers["retry-after"] == "1"
        assert door.services.admission.slots.total == 0
        assert (await door.send_raw(chunk_id_of(3))).status_code == 202


async def test_one_creator_cannot_hold_every_place(ledger, tmp_path):
    async with (
        open_door(ledger, tmp_path / "staging", max_uploads=4, creator_uploads=2) as door,
        held(door, 1, 2, creator="greedy"),
    ):
        refused = await door.send_raw(chunk_id_of(3), X_Creator="greedy")
        assert (refused.status_code, refused.json()["code"]) == (429, "rate_limited")
        assert refused.headers["retry-after"] == "1"
        assert (await door.send_raw(chunk_id_of(3), X_Creator="modest")).status_code == 202


async def test_one_creator_in_a_hurry_does_not_slow_another(ledger, tmp_path):
    async with open_door(ledger, tmp_path / "staging", creator_chunks_per_minute=3) as door:
        hasty = [await door.send_raw(chunk_id_of(n), X_Creator="hasty") for n in range(8)]
        assert [reply.status_code for reply in hasty] == [202] * 3 + [429] * 5
        assert 1 <= int(hasty[-1].headers["retry-after"]) <= 20
        assert hasty[-1].json()["code"] == "rate_limited"
        calm = [await door.send_raw(chunk_id_of(n), X_Creator="calm") for n in range(10, 13)]
        assert [reply.status_code for reply in calm] == [202] * 3


async def test_a_failed_upload_gives_its_place_back(door: Door):
    for _ in range(3):
        assert (await door.send_raw(audio=b"x")).status_code == 400
    door.streams.down = True
    assert (await door.send_raw()).status_code == 503
    assert door.services.admission.slots.total == 0
