"""The worker dies at each step of a commit; every piece is paid once per copy all the same."""

from __future__ import annotations

import asyncio
from pathlib import Path

import httpx
import pytest

from devnet.data_dir import DataDir
from devnet.ports import free_ports
from devnet.world import World, WorldPlan, running
from tests.chaos.points import Orders
from tests.chaos.programs import stepped_programs
from tests.e2e.chain import copies_on_chain, pieces_on_chain
from tests.e2e.commp import piece_cid
from tests.e2e.recorder import Recorder
from tests.e2e.table import RawTable
from vibesflow.settings import FilecoinSettings, variable

COPIES = FilecoinSettings.model_fields["copies"].default
STEPS = {
    "before send": "worker.submit.before",
    "after send": "worker.submit.after",
    "before the receipt": "worker.receipt.before",
    "after the receipt": "worker.receipt.after",
}
CHUNKS = 2
PATIENCE_S = 240
"""Temporal notices a dead worker by half a minute without a heartbeat, for all four at once."""

pytestmark = pytest.mark.timeout(PATIENCE_S + 120)


async def test_a_worker_killed_at_any_step_of_a_commit_pays_once(tmp_path: Path) -> None:
    orders = Orders(tmp_path / "orders")
    data = DataDir(tmp_path / "data")
    data.root.mkdir()
    # A data set for each stream, so that no commit waits behind one whose worker has died.
    variables = {
        variable(FilecoinSettings, "data_set_scope"): "rta",
        variable(FilecoinSettings, "commit_linger_s"): "0",
    }
    plan = WorldPlan(
        data, free_ports(data.ports), programs=stepped_programs(orders.folder, variables)
    )
    async with running(plan) as world:
        async with httpx.AsyncClient(base_url=world.ready.api, timeout=60, trust_env=False) as door:
            recorders = [
                await _die_in_a_commit(world, orders, door, point, number)
                for number, point in enumerate(STEPS.values())
            ]
            for recorder in recorders:
                await recorder.until_complete(limit_s=PATIENCE_S)
        assert orders.struck() == dict.fromkeys(STEPS.values(), 1)
        table = RawTable(world.ready.dynamodb)
        on_chain = pieces_on_chain(world.ready.rpc, Path(world.ready.devnet_info))
        for recorder in recorders:
            _check_once(recorder, table, on_chain)
        for pieces in on_chain.values():
            assert len(pieces) == len(set(pieces))


async def _die_in_a_commit(
    world: World, orders: Orders, door: httpx.AsyncClient, point: str, number: int
) -> Recorder:
    """Send a stream whose commit kills the worker; return once another worker serves."""
    recorder = Recorder(door, f"step{number}", chunks=CHUNKS, chunk_s=1 + number / 10)
    pid = world.pids["worker"]
    orders.plant(point)
    for chunk in recorder.chunks:
        assert (await recorder.send(chunk)).status_code == 202
    async with asyncio.timeout(PATIENCE_S):
        await world.revived("worker", after=pid)
    return recorder


def _check_once(recorder: Recorder, table: RawTable, on_chain: dict[int, list[str]]) -> None:
    rows = table.rows(recorder.rta_id)
    assert sorted(row["chunk_id"] for row in rows) == sorted(c.chunk_id for c in recorder.chunks)
    summary = table.summary(recorder.rta_id)
    assert (summary["chunks"], summary["uploaded"]) == (CHUNKS, CHUNKS)
    for chunk in recorder.chunks:
        assert copies_on_chain(on_chain, piece_cid(chunk.data)) == [1] * COPIES
