"""The worker as a process: it tells what is wrong with its settings, and no secret."""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path

import pytest
from temporalio.testing import WorkflowEnvironment

import worker
from tests.filecoin.small_server import Reply, Request, as_json, small_server
from vibesflow.errors import (
    KeyMalformed,
    NetworkUnknown,
    SettingsInvalid,
    VibesflowError,
    WrongChain,
)

WORKER = Path(worker.__file__)
KEY = "0x" + "7" * 64
SECRET = "zz" * 32
START_S = 90


def environment(**settings: object) -> dict[str, str]:
    clean = {n: v for n, v in os.environ.items() if not n.startswith(("VIBESFLOW_", "AWS_"))}
    fixed = {"worker_metrics_address": "127.0.0.1:0", "worker_health_port": 0}
    named = {f"VIBESFLOW_{name.upper()}": str(value) for name, value in (fixed | settings).items()}
    return clean | {"AWS_ACCESS_KEY_ID": "local", "AWS_SECRET_ACCESS_KEY": "local"} | named


async def words_of(**settings: object) -> tuple[int | None, str]:
    """Start the process on these settings; returns its exit code and all that it says."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, str(WORKER)),
        env=environment(**settings),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    said, _ = await asyncio.wait_for(process.communicate(), START_S)
    return process.returncode, said.decode()


@pytest.mark.parametrize(
    ("settings", "kind"),
    [
        ({"network": "moon"}, NetworkUnknown),
        ({"network": "moon", "staging_url": "ftp://x"}, SettingsInvalid),
        ({"network": "mainnet", "private_key": KEY, "colour": "red"}, SettingsInvalid),
    ],
)
def test_every_fault_of_the_settings_is_listed(
    settings: dict[str, str],
    kind: type[VibesflowError],
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    for name in [name for name in os.environ if name.startswith("VIBESFLOW_")]:
        monkeypatch.delenv(name)
    for name, value in environment(**({"private_key": KEY} | settings)).items():
        monkeypatch.setenv(name, value)
    assert worker.main() == worker.EXIT_SETTINGS
    told = capfd.readouterr().err
    assert told.startswith(f"{kind.code}: ")
    assert told.endswith(f"{kind.advice}\n")
    for name in settings.keys() - {"private_key"}:
        assert (f"VIBESFLOW_{name.upper()}: " in told) is (settings[name] != "mainnet")
    assert KEY not in told


async def test_no_key_and_another_chain_are_told_before_any_work_is_taken(
    temporal_env: WorkflowEnvironment,
) -> None:
    def ethereum(request: Request) -> Reply:
        body = request.json()
        assert isinstance(body, dict)
        return as_json({"jsonrpc": "2.0", "id": body["id"], "result": "0x1"})

    async with small_server() as node:
        node.handler = ethereum
        here = {
            "network": "calibration",
            "rpc_urls": node.url,
            "temporal_address": temporal_env.client.service_client.config.target_host,
        }
        ends = await asyncio.gather(
            words_of(**here, private_key=SECRET), words_of(**here, private_key=KEY)
        )
    for (code, told), kind in zip(ends, (KeyMalformed, WrongChain), strict=True):
        assert (code, f"\n{kind.code}: " in f"\n{told}") == (worker.EXIT_SETTINGS, True), told
        assert told.endswith(f"{kind.advice}\n")
        assert "serving task queues" not in told
        assert "Traceback" not in told
        assert SECRET not in told
        assert KEY not in told
