"""A provider's disk is deleted; within one round all pieces have two good copies again."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import signal
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from temporalio.client import Client
from temporalio.contrib.pydantic import pydantic_data_converter

from tests.e2e.chain import copies_on_chain, pieces_on_chain
from tests.e2e.recorder import Chunk, Recorder
from tests.e2e.table import RawTable
from tests.e2e.test_crash import COPIES, kill
from tests.fixtures.world import VIBESFLOW, RunningWorld, running_world
from vibesflow.stream.records import RowCopy
from workflows.messages import workflow_id

CHUNKS = 4

pytestmark = pytest.mark.timeout(300)


@pytest.fixture
def own_world(tmp_path: Path) -> Iterator[RunningWorld]:
    """Losing a disk of the shared world would take the pieces of other tests with it."""
    with running_world(tmp_path) as running:
        yield running


async def audit(world: RunningWorld, *arguments: str) -> tuple[int, dict[str, object]]:
    process = await asyncio.create_subprocess_exec(
        VIBESFLOW,
        "--env-file",
        world.ready.env_file,
        "audit",
        *arguments,
        "--json",
        stdout=asyncio.subprocess.PIPE,
        stderr=sys.stderr.fileno(),
    )
    out, _ = await process.communicate()
    assert process.returncode is not None
    return process.returncode, json.loads(out)


def copies_of(table: RawTable, rta_id: str) -> dict[str, list[RowCopy]]:
    """Return the copies that the rows name, by PieceCID."""
    return {
        str(row["cid"]): [RowCopy.model_validate(copy) for copy in json.loads(row["copies"])]
        for row in table.rows(rta_id)
    }


async def serves(client: httpx.AsyncClient, url: str, data: bytes | None = None) -> bool:
    answer = await client.get(url)
    return answer.status_code == 200 and (data is None or answer.content == data)


async def check_copies(world: RunningWorld, table: RawTable, recorder: Recorder) -> None:
    """Each chunk has its copies in the rows, on chain and by reading; the document too."""
    ready = world.ready
    on_chain = pieces_on_chain(ready.rpc, Path(ready.devnet_info))
    by_id: dict[str, Chunk] = {chunk.chunk_id: chunk for chunk in recorder.chunks}
    copies = copies_of(table, recorder.rta_id)
    async with httpx.AsyncClient(trust_env=False) as client:
        for row in table.rows(recorder.rta_id):
            cid = str(row["cid"])
            assert len({copy.provider_id for copy in copies[cid]}) == COPIES
            for copy in copies[cid]:
                assert on_chain[copy.data_set_id].count(cid) == 1
                assert await serves(client, copy.base_url + cid, by_id[row["chunk_id"]].data)
            assert await serves(client, row["filcdn_url"], by_id[row["chunk_id"]].data)
        document = table.summary(recorder.rta_id)["metadata_cid"]
        served = [await serves(client, f"{url}/piece/{document}") for url in ready.providers]
    assert sum(served) == COPIES
    assert len(copies_on_chain(on_chain, document)) >= COPIES


async def document_confirmed(world: RunningWorld, rta_id: str) -> None:
    """The stream's workflow ends once its document has its copies on chain."""
    client = await Client.connect(world.ready.temporal, data_converter=pydantic_data_converter)
    await client.get_workflow_handle(workflow_id(rta_id)).result()


async def lose_disk(world: RunningWorld, base_url: str) -> None:
    """Delete all that a provider has; what comes up again under its name holds nothing."""
    number = next(n for n, url in enumerate(world.ready.providers, 1) if base_url.startswith(url))
    os.kill(world.ready.pids[f"provider_{number}"], signal.SIGSTOP)
    shutil.rmtree(Path(world.ready.data_dir) / f"provider-{number}")
    await kill(world, f"provider_{number}")


async def test_a_deleted_disk_costs_no_copy(own_world: RunningWorld) -> None:
    world, table = own_world, RawTable(own_world.ready.dynamodb)
    async with httpx.AsyncClient(base_url=world.ready.api, timeout=30, trust_env=False) as door:
        recorder = Recorder(door, "audit", chunks=CHUNKS, chunk_s=1.4)
        for chunk in recorder.chunks:
            assert (await recorder.send(chunk)).status_code == 202
        await recorder.until_complete(limit_s=120)
    await document_confirmed(world, recorder.rta_id)
    first = next(iter(copies_of(table, recorder.rta_id).values()))[0]
    await lose_disk(world, first.base_url)
    code, report = await audit(world, "--now")
    assert (code, report["phase"]) == (0, "done")
    figures = report["figures"]
    assert isinstance(figures, dict)
    assert figures["repaired"] == CHUNKS + 1  # the chunks and the document
    assert {"short", "lost"}.isdisjoint(figures)
    assert report["widened"] == [first.data_set_id]
    held = copies_of(table, recorder.rta_id).values()
    assert all(copy.provider_id != first.provider_id for copies in held for copy in copies)
    await check_copies(world, table, recorder)
    assert table.summary(recorder.rta_id)["audit_result"] == "repaired"
    assert await audit(world) == (0, report)
    code, again = await audit(world, recorder.rta_id, "--now")
    assert (code, again["figures"]["good"]) == (0, COPIES * (CHUNKS + 1))  # type: ignore[index]  # an object
