"""What the last thousand chunks of a long stream cost, against the first.

``python -m bench.long_stream --chunks 20000``: a real Temporal server, a real table engine, real
staging and a worker in a process of its own; providers and chain answer at once and forget
(`bench.flat_filecoin`), so that only the worker is measured. Processor time and history are
compared, for the clock depends on what else the machine does.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from temporalio.client import Client
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.testing import WorkflowEnvironment

from bench.flat_filecoin import FlatFilecoin
from devnet.ports import free_port
from devnet.supervisor import Supervisor
from devnet.table import table_url
from devnet.table_engines import TableChoice, TableEngineName, chosen_table_part
from devnet.temporal import temporal_program
from tests.fixtures.temporal import SEARCH_ATTRIBUTES
from tests.stream.chunks import make_chunk
from tests.workflows.harness import StreamHarness
from vibesflow.ledger import DynamoLedger, create_tables
from vibesflow.settings import TableSettings

RTA_ID = "rta_long"
STEP = 1_000
MOST_UNDER_WAY = 60
MOST_RATIO = 1.2


@dataclass(frozen=True)
class Reading:
    """What has been used since the start."""

    chunks: int
    wall_s: float
    cpu_s: float
    rss_mb: float
    events: int


async def measure(chunks: int) -> list[Reading]:
    with TemporaryDirectory() as folder:
        port = free_port()
        # Not ministack: its queries look at every row of the table, and its time would be measured.
        table = chosen_table_part(TableChoice(TableEngineName.ROTO), port, Path(folder))
        async with (
            Supervisor(Path(folder)) as supervisor,
            await WorkflowEnvironment.start_local(
                dev_server_existing_path=temporal_program(),
                data_converter=pydantic_data_converter,
                search_attributes=SEARCH_ATTRIBUTES,
            ) as env,
        ):
            await supervisor.start(table)
            return await _stream(env, table_url(port), Path(folder), chunks)


async def _stream(
    env: WorkflowEnvironment, endpoint: str, folder: Path, chunks: int
) -> list[Reading]:
    create_tables(TableSettings(endpoint=endpoint))
    streams = StreamHarness(env, folder / "staging")
    address = env.client.service_client.config.target_host
    worker = subprocess.Popen(  # noqa: S603, ASYNC220 - our own program, started once
        [sys.executable, "-m", "bench.long_stream", "--serve", address, endpoint, str(folder)],
        env={**os.environ, "MALLOC_ARENA_MAX": "2"},  # as in the image
    )
    try:
        return await _hand_in(streams, worker.pid, chunks)
    finally:
        worker.terminate()
        worker.wait(60)


async def _hand_in(streams: StreamHarness, pid: int, chunks: int) -> list[Reading]:
    begun_s, readings = time.monotonic(), list[Reading]()
    for number in range(chunks):
        await streams.submit(make_chunk(number, rta_id=RTA_ID))
        if (number + 1) % 20 == 0:
            await _until_behind(streams, number + 1 - MOST_UNDER_WAY)
        if (number + 1) % STEP == 0:
            await _until_behind(streams, number - MOST_UNDER_WAY)
            readings.append(await _read(streams, pid, number + 1, begun_s))
            _print(readings)
    await streams.submit(make_chunk(chunks, rta_id=RTA_ID, final=True))
    result = await streams.handle(RTA_ID).result()
    assert (result.chunks, result.parked) == (chunks + 1, 0), result
    _print([*readings, await _read(streams, pid, chunks + 1, begun_s)], "; it is complete")
    return readings


async def _until_behind(streams: StreamHarness, chunks: int) -> None:
    """Wait until so many are confirmed, as a live stream would by its own pace."""
    while True:
        status = await streams.streams.status(RTA_ID)
        if status is not None and status.confirmed >= chunks:
            return
        await asyncio.sleep(0.05)


async def _read(streams: StreamHarness, pid: int, chunks: int, begun_s: float) -> Reading:
    events = 0
    async for run in streams.client.list_workflows(f"WorkflowId = 'rta:{RTA_ID}'"):
        handle = streams.client.get_workflow_handle(run.id, run_id=run.run_id)
        events += (await handle.describe()).history_length
    cpu_s, rss_mb = _used(pid)
    return Reading(
        chunks=chunks,
        wall_s=time.monotonic() - begun_s,
        cpu_s=cpu_s,
        rss_mb=rss_mb,
        events=events,
    )


def _used(pid: int) -> tuple[float, float]:
    """Return a process's processor seconds and resident MiB (Linux)."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return (int(fields[11]) + int(fields[12])) / 100, pages * 4096 / 2**20


def _print(readings: list[Reading], note: str = "") -> None:
    last = readings[-1]
    before = readings[-2] if len(readings) > 1 else Reading(0, 0, 0, 0, 0)
    print(
        f"{last.chunks:>7} chunks  {last.wall_s - before.wall_s:7.1f} s  "
        f"cpu {last.cpu_s - before.cpu_s:6.1f} s  rss {last.rss_mb:6.1f} MB  "
        f"events {last.events - before.events:>6}{note}",
        flush=True,
    )


def verdict(readings: list[Reading]) -> bool:
    """Compare the last thousand with the first, whose processor time has the start in it."""
    first, before, last = readings[0], readings[-2], readings[-1]
    cpu = (last.cpu_s - before.cpu_s) / first.cpu_s
    print(f"memory grew from {first.rss_mb:.0f} to {last.rss_mb:.0f} MB")
    events = (last.events - before.events) / first.events
    print(f"last / first thousand: cpu {cpu:.2f}, events {events:.2f} (at most {MOST_RATIO})")
    return max(cpu, events) <= MOST_RATIO


async def serve(address: str, endpoint: str, folder: Path) -> None:
    client = await Client.connect(address, data_converter=pydantic_data_converter)
    streams = StreamHarness(WorkflowEnvironment.from_client(client), folder / "staging")
    streams.filecoin = FlatFilecoin()
    ledger = DynamoLedger(TableSettings(endpoint=endpoint))
    streams.ledger = ledger  # type: ignore[assignment]  # of equal rank
    async with streams.worker():
        await asyncio.Event().wait()


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--chunks", type=int, default=20_000)
    options.add_argument("--serve", nargs=3, metavar=("TEMPORAL", "TABLE", "FOLDER"))
    chosen = options.parse_args()
    if chosen.chunks < 2 * STEP:
        options.error(f"at least {2 * STEP} chunks, or there is nothing to compare")
    if chosen.serve:
        address, endpoint, folder = chosen.serve
        asyncio.run(serve(address, endpoint, Path(folder)))
        return 0
    return 0 if verdict(asyncio.run(measure(chosen.chunks))) else 1


if __name__ == "__main__":
    sys.exit(main())
