from __future__ import annotations

import httpx
import pytest

from tests.api.door import WALLET, Door, open_door
from tests.samples import AT, CREATOR, RTA, T0_MS, chunk_id_of, chunk_row, piece_cid_of_sequence
from vibesflow.stream.records import RowStatus


async def finish(door: Door, number: int, *, creator: str = CREATOR) -> str:
    """Complete a stream of one chunk, one minute after the one before."""
    rta_id = f"rta_{T0_MS + number}_abc123"
    at = f"2024-04-05T20:{number:02d}:00.000Z"
    await door.complete(
        [chunk_row(0, rta_id=rta_id, creator=creator)],
        rta_id=rta_id,
        at=at,
        opened_at=at,
        creator=creator,
    )
    return rta_id


async def listed(door: Door, query: str = "") -> httpx.Response:
    reply = await door.client.get(f"/api/vibestreams{query}")
    assert reply.status_code == 200, reply.text
    assert isinstance(reply.json(), list)
    return reply


async def walk(door: Door, query: str) -> list[str]:
    found: list[str] = []
    url = f"{door.url}/api/vibestreams{query}"
    while url:
        reply = await door.client.get(url)
        assert reply.status_code == 200, reply.text
        found += [item["rta_id"] for item in reply.json()]
        url = reply.links.get("next", {}).get("url", "")
    return found


async def test_an_empty_archive_is_an_empty_array(shut_door):
    reply = await listed(shut_door)
    assert reply.json() == []
    assert "link" not in reply.headers


async def test_an_item_has_the_names_and_types_of_the_old_one(door):
    rows = [chunk_row(0), chunk_row(1, duration_ms=59_500), chunk_row(2, RowStatus.FAILED)]
    rows.append(chunk_row(3, chunk_id=chunk_id_of(3, is_final=True), is_final=True))
    await door.complete(rows, at=AT, opened_at=AT)
    (item,) = (await listed(door)).json()
    details = item.pop("chunks_detail")
    base = "http://127.0.0.1:5801/piece/"
    first, last = piece_cid_of_sequence(0), piece_cid_of_sequence(3)
    assert item == {
        "rta_id": RTA,
        "creator": CREATOR,
        "rta_duration": "3:00",
        "chunks": 3,
        "is_complete": True,
        "filcdn_base": base,
        "filcdn_wallet": WALLET,
        "network": "devnet",
        "synapse_proof_set_id": 7,
        "storage_provider": "0x" + "b" * 40,
        "first_chunk_url": base + first,
        "last_chunk_url": base + last,
        "upload_timestamp": T0_MS,
        "total_size_mb": round(3_004 / 2**20, 6),
        "metadata_cid": "bafkzcibdocument",
    }
    assert [detail["sequence"] for detail in details] == [0, 1, 3]
    assert [detail["duration"] for detail in details] == [60, 59.5, 60]
    assert details[-1] == {
        "chunk_id": chunk_id_of(3, is_final=True),
        "cid": last,
        "size": 1_003,
        "root_id": 3,
        "url": base + last,
        "filcdn_url": base + last,
        "duration": 60,
        "participants": 3,
        "owner": CREATOR,
        "sequence": 3,
        "is_final": True,
    }


async def test_minutes_may_exceed_59(door):
    await door.complete([chunk_row(0, duration_ms=7_384_000)], at=AT, opened_at=AT)
    assert (await listed(door)).json()[0]["rta_duration"] == "123:04"


async def test_newest_first(door):
    expected = [await finish(door, number) for number in range(4)][::-1]
    assert [item["rta_id"] for item in (await listed(door)).json()] == expected


@pytest.mark.parametrize("limit", [1, 2, 3, 5, 100])
async def test_pages_join_to_the_whole_list(door, limit):
    expected = [await finish(door, number) for number in range(5)][::-1]
    assert await walk(door, f"?limit={limit}") == expected


async def test_pages_of_one_creator(door):
    for number in range(6):
        await finish(door, number, creator="a b&c" if number % 2 else "other")
    found = await walk(door, "?limit=1&creator=a%20b%26c")
    assert found == [f"rta_{T0_MS + number}_abc123" for number in (5, 3, 1)]


async def test_the_next_page_has_the_public_address(ledger, tmp_path):
    async with open_door(
        ledger, tmp_path / "staging", public_url="https://api.example.org/"
    ) as door:
        for number in range(2):
            await finish(door, number)
        reply = await listed(door, "?limit=1&t=1712345678901")
    url = httpx.URL(reply.links["next"]["url"])
    assert (url.scheme, url.host, url.path) == ("https", "api.example.org", "/api/vibestreams")
    assert url.params["limit"] == "1"
    assert url.params["cursor"]


async def test_unknown_parameters_are_ignored(door):
    await finish(door, 0)
    assert len((await listed(door, "?t=1712345678901&creator=&cursor=")).json()) == 1


@pytest.mark.parametrize("query", ["limit=0", "limit=-1", "limit=x", "limit=1.5", "limit="])
async def test_bad_limits(shut_door, query):
    reply = await shut_door.client.get(f"/api/vibestreams?{query}")
    assert (reply.status_code, reply.json()["code"]) == (400, "invalid_input")
    assert "limit" in reply.json()["error"]


async def test_a_large_limit_is_brought_down(door):
    await finish(door, 0)
    assert len((await listed(door, "?limit=100000")).json()) == 1


@pytest.mark.parametrize("cursor", ["nonsense", "%00", "e30", "a" * 4_000])
async def test_forged_cursors(shut_door, cursor):
    reply = await shut_door.client.get(f"/api/vibestreams?cursor={cursor}")
    assert (reply.status_code, reply.json()["code"]) == (400, "invalid_cursor")


async def test_a_cursor_of_another_list_is_refused(door):
    for number in range(3):
        await finish(door, number)
    url = httpx.URL((await listed(door, "?limit=1")).links["next"]["url"])
    other = url.copy_merge_params({"creator": CREATOR})
    reply = await door.client.get(other)
    assert (reply.status_code, reply.json()["code"]) == (400, "invalid_cursor")


async def test_a_stream_that_is_recorded_is_not_listed_and_a_reopened_one_stays(door):
    await door.write_rows([chunk_row(0)], opened_at=AT)
    assert (await listed(door)).json() == []
    rta_id = await finish(door, 1)
    record = door.ledger.get_stream(rta_id)
    assert record is not None
    door.ledger.reopen_stream(rta_id, version=record.document_version, at=AT)
    assert [item["rta_id"] for item in (await listed(door)).json()] == [rta_id]
