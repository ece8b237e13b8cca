"""A dependency that is down: 503 with its name, and nothing acknowledged."""

from __future__ import annotations

import asyncio

import httpx
import pytest
import pytest_asyncio

from tests.api.door import AUDIO, headers_of, open_door, unreachable_ledger
from tests.samples import AT, RTA, chunk_id_of, chunk_row
from vibesflow.staging.files import FileStaging

_RAW = {
    "content": AUDIO,
    "headers": {**headers_of(chunk_id_of(0)), "Content-Type": "audio/webm"},
}


def down(reply: httpx.Response, dependency: str) -> None:
    body = reply.json()
    assert reply.status_code == 503, body
    assert body["detail"]["dependency"] == dependency
    assert body["code"] == f"{dependency}_down"
    assert int(reply.headers["retry-after"]) >= 1
    assert "Traceback" not in reply.text


@pytest_asyncio.fixture
async def without_staging(ledger, tmp_path):
    file = tmp_path / "a file, not a folder"
    file.write_bytes(b"x")
    async with open_door(ledger, file / "staging") as opened:
        yield opened


@pytest_asyncio.fixture
async def without_table(tmp_path):
    async with open_door(unreachable_ledger(), tmp_path / "staging") as opened:
        yield opened


@pytest.mark.parametrize("way", ["send_json", "send_raw"])
async def test_upload_without_temporal(door, way):
    door.streams.down = True
    reply = await getattr(door, way)()
    down(reply, "temporal")
    assert "success" not in reply.json()
    assert door.streams.submitted == []


async def test_an_upload_that_temporal_refused_can_be_sent_again(door):
    door.streams.down = True
    await door.send_raw()
    door.streams.down = False
    assert (await door.send_raw()).status_code == 202
    assert len(door.streams.submitted) == 1


@pytest.mark.parametrize("way", ["send_json", "send_raw"])
async def test_upload_without_staging(without_staging, way):
    down(await getattr(without_staging, way)(), "staging")
    assert without_staging.streams.submitted == []


@pytest.mark.parametrize("way", ["send_json", "send_raw"])
async def test_upload_needs_no_table(without_table, way):
    reply = await getattr(without_table, way)()
    assert reply.status_code == 202
    assert len(without_table.streams.submitted) == 1


@pytest.mark.parametrize(
    "path",
    [
        "/api/vibestreams",
        "/api/vibestreams?creator=someone",
        "/api/all-rtas",
        f"/filecoin/status/{RTA}",
        f"/upload/status/{chunk_id_of(0)}",
    ],
)
async def test_reads_without_a_table_are_never_empty(without_table, path):
    down(await without_table.client.get(path), "table")


async def test_completion_without_a_table(without_table):
    down(await without_table.client.post(f"/api/complete-rta/{RTA}"), "table")


async def test_completion_without_temporal(door):
    await door.write_rows([chunk_row(0)], opened_at=AT)
    door.streams.down = True
    down(await door.client.post(f"/api/complete-rta/{RTA}"), "temporal")


async def test_lists_need_no_temporal(door):
    await door.complete([chunk_row(0)], at=AT, opened_at=AT)
    door.streams.down = True
    assert len((await door.client.get("/api/vibestreams")).json()) == 1
    assert (await door.client.get("/api/all-rtas")).json()["summary"]["complete"] == 1


async def test_staging_down_is_said_when_it_alone_could_know(door, tmp_path):
    door.staging_folder.write_bytes(b"a file where the folder was")
    reply = await door.client.get(f"/upload/status/{chunk_id_of(0)}")
    down(reply, "staging")


async def test_a_bucket_that_does_not_answer(ledger, tmp_path, monkeypatch):
    async with open_door(ledger, tmp_path / "staging", grace_s=1) as door:

        async def hang(self, key, source, *, max_bytes):
            await asyncio.sleep(3_600)

        monkeypatch.setattr(FileStaging, "stage", hang)
        with pytest.raises(httpx.ReadTimeout):
            await door.client.post("/upload", timeout=0.3, **_RAW)
        assert (await door.client.get("/livez")).status_code == 200
