"""Twenty chunks in random order with duplicates: one complete stream, byte for byte."""

import random
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.e2e.chain import copies_on_chain, pieces_on_chain
from tests.e2e.commp import piece_cid
from tests.e2e.recorder import CREATOR, Recorder
from tests.e2e.table import RawTable
from tests.fixtures.world import RunningWorld
from vibesflow.media import probe_audio
from vibesflow.settings import FilecoinSettings

COPIES = FilecoinSettings.model_fields["copies"].default
CHUNKS = 20


@dataclass(frozen=True)
class Streamed:
    recorder: Recorder
    replies: list[httpx.Response]
    status: dict[str, Any]


@pytest.fixture(scope="module")
async def streamed(door: httpx.AsyncClient) -> Streamed:
    recorder = Recorder(door, "twenty", chunks=CHUNKS)
    shuffled = random.Random(20)  # noqa: S311 - the same order at every run
    order = [*recorder.chunks, *shuffled.sample(recorder.chunks, 8)]
    shuffled.shuffle(order)
    replies = [await recorder.send(chunk) for chunk in order]
    return Streamed(recorder, replies, await recorder.until_complete())


def test_every_copy_is_acknowledged(streamed: Streamed) -> None:
    assert [reply.status_code for reply in streamed.replies] == [202] * (CHUNKS + 8)
    assert all(reply.json()["success"] for reply in streamed.replies)


def test_the_status_counts_each_chunk_once(streamed: Streamed) -> None:
    status = streamed.status
    assert (status["totalChunks"], status["uploadedChunks"], status["failedChunks"]) == (20, 20, 0)
    assert set(status["chunks"]) == {chunk.chunk_id for chunk in streamed.recorder.chunks}
    assert {chunk["status"] for chunk in status["chunks"].values()} == {"uploaded"}


def test_each_piece_cid_is_the_one_that_another_implementation_computes(
    streamed: Streamed,
) -> None:
    for chunk in streamed.recorder.chunks:
        reported = streamed.status["chunks"][chunk.chunk_id]["filecoinCid"]
        assert reported == piece_cid(chunk.data)


async def test_a_provider_serves_the_recorded_bytes(
    streamed: Streamed, world: RunningWorld
) -> None:
    async with httpx.AsyncClient(trust_env=False) as client:
        for chunk in streamed.recorder.chunks:
            reported = streamed.status["chunks"][chunk.chunk_id]
            provider, _, cid = reported["filcdnUrl"].partition("/piece/")
            assert provider in world.ready.providers
            fetched = await client.get(f"{provider}/piece/{cid}")
            assert fetched.content == chunk.data
            facts = probe_audio(fetched.content)
            assert facts is not None
            assert (facts.codec, facts.duration_ms) == ("opus", chunk.duration_ms)


def test_the_chain_holds_each_copy_once(streamed: Streamed, world: RunningWorld) -> None:
    ready = world.ready
    on_chain = pieces_on_chain(ready.rpc, Path(ready.devnet_info))
    for chunk in streamed.recorder.chunks:
        assert copies_on_chain(on_chain, piece_cid(chunk.data)) == [1] * COPIES


def test_the_table_holds_twenty_rows_and_exact_counters(
    streamed: Streamed, table: RawTable
) -> None:
    recorder = streamed.recorder
    rows = table.rows(recorder.rta_id)
    assert sorted(row["chunk_id"] for row in rows) == sorted(c.chunk_id for c in recorder.chunks)
    summary = table.summary(recorder.rta_id)
    assert (summary["chunks"], summary["uploaded"], summary["failed"]) == (CHUNKS, CHUNKS, 0)
    assert summary["total_bytes"] == sum(len(chunk.data) for chunk in recorder.chunks)
    assert summary["total_duration_ms"] == sum(chunk.duration_ms for chunk in recorder.chunks)
    assert summary["is_complete"] is True


async def test_the_final_chunk_completed_the_stream_without_the_window(
    streamed: Streamed, table: RawTable
) -> None:
    listed = await streamed.recorder.listed()
    assert listed is not None
    assert listed["is_complete"] is True
    assert listed["creator"] == CREATOR
    assert listed["chunks"] == CHUNKS
    assert [detail["sequence"] for detail in listed["chunks_detail"]] == list(range(CHUNKS))
    assert listed["metadata_cid"] == table.summary(streamed.recorder.rta_id)["metadata_cid"]


async def test_the_document_is_a_piece_that_names_every_chunk(
    streamed: Streamed, world: RunningWorld
) -> None:
    listed = await streamed.recorder.listed()
    assert listed is not None
    async with httpx.AsyncClient(trust_env=False) as client:
        document = await client.get(f"{listed['filcdn_base']}/{listed['metadata_cid']}")
    assert document.status_code == 200
    assert piece_cid(document.content) == listed["metadata_cid"]
    for chunk in streamed.recorder.chunks:
        assert piece_cid(chunk.data) in document.text


async def test_other_bytes_under_a_known_chunk_id_are_refused_and_change_nothing(
    streamed: Streamed, table: RawTable
) -> None:
    recorder = streamed.recorder
    before = table.rows(recorder.rta_id)
    other = recorder.chunks[4].data[:-1] + b"x"
    refused = await recorder.send(recorder.chunks[3], data=other)
    assert refused.status_code == 409
    assert refused.json()["code"] == "chunk_conflict"
    assert table.rows(recorder.rta_id) == before


async def test_a_copy_after_completion_changes_nothing(streamed: Streamed, table: RawTable) -> None:
    recorder = streamed.recorder
    before = table.summary(recorder.rta_id)
    again = await recorder.send(recorder.chunks[0])
    assert again.status_code == 202
    await recorder.until_complete()
    after = table.summary(recorder.rta_id)
    assert (after["chunks"], after["metadata_cid"]) == (before["chunks"], before["metadata_cid"])
