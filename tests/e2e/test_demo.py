import asyncio
import json
import os
from pathlib import Path

import pytest

from tests.fixtures.world import VIBESFLOW


async def run_demo(
    *options: str, environment: dict[str, str] | None = None
) -> tuple[int, str, str]:
    process = await asyncio.create_subprocess_exec(
        VIBESFLOW,
        "demo",
        *options,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env={**os.environ, **environment},
    )
    out, err = await process.communicate()
    return process.returncode or 0, out.decode(), err.decode()


async def test_the_demo_fetches_every_chunk_back_and_leaves_nothing_behind(tmp_path: Path) -> None:
    code, out, err = await run_demo(
        "--json", "--seconds", "7", "--chunk-seconds", "2", environment={"TMPDIR": str(tmp_path)}
    )
    assert code == 0, err
    report = json.loads(out)
    assert report["ok"] is True
    assert [chunk["duration_ms"] for chunk in report["chunks"]] == [2_000, 2_000, 2_000, 1_000]
    assert sum(chunk["decoded_ms"] for chunk in report["chunks"]) == 7_000
    assert all(chunk["is_equal"] for chunk in report["chunks"])
    assert report["metadata_cid"].startswith("bafkzcib")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.timeout(240)
async def test_the_demo_waits_for_blocks_that_take_their_time(tmp_path: Path) -> None:
    code, out, err = await run_demo(
        *("--json", "--seconds", "4", "--chunk-seconds", "2", "--block-time", "3"),
        environment={"TMPDIR": str(tmp_path)},
    )
    assert code == 0, err
    report = json.loads(out)
    assert report["ok"] is True
    assert all(chunk["is_equal"] and chunk["piece_id"] is not None for chunk in report["chunks"])
