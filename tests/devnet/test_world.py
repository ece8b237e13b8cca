import asyncio
import json
import os
import signal
import socket
import stat
import sys
from dataclasses import replace
from pathlib import Path

import httpx
import pytest

from devnet.chain import rpc
from devnet.data_dir import DataDir
from devnet.fault_client import FaultClient
from devnet.parts import PART_NAMES
from devnet.ports import LOOPBACK, free_ports
from devnet.provider.fault_order import FaultOrder
from devnet.provider.faults import FaultName, Point
from devnet.ready import Ready
from devnet.world import WorldPlan, running
from tests.devnet.test_supervisor import eventually, is_alive
from vibesflow.errors import DataDirBusy, PartNotStarted
from vibesflow.settings import apply_env_file, load_settings

pytestmark = pytest.mark.timeout(240)


@pytest.fixture
def plan(tmp_path: Path) -> WorldPlan:
    data = DataDir(tmp_path / "data")
    data.root.mkdir()
    return WorldPlan(data, free_ports(data.ports), ready_file=tmp_path / "here" / "ready.json")


def published(plan: WorldPlan) -> Ready:
    assert plan.ready_file is not None
    return Ready.model_validate_json(plan.ready_file.read_text())


def permissions(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


async def test_a_world_comes_up_heals_and_goes_without_a_trace(
    plan: WorldPlan, monkeypatch: pytest.MonkeyPatch
) -> None:
    started: list[str] = []
    async with running(replace(plan, on_start=started.append)) as world:
        facts = published(plan)
        await check_answers(facts)
        check_files(plan, facts, monkeypatch)
        assert facts == world.ready
        assert sorted(started) == sorted(PART_NAMES)
        with pytest.raises(DataDirBusy):
            async with running(plan):
                pass
        await check_healing(plan, "api")
        await check_healing(plan, "provider_2")
        await check_healing(plan, "table")
        await check_healing(plan, "chain")
        await check_restart_by_order(plan)
        pids = list(world.ready.pids.values())
    assert not any(is_alive(pid) for pid in pids)
    assert not any(path.exists() for path in plan.ready_files)


async def check_answers(facts: Ready) -> None:
    async with httpx.AsyncClient(trust_env=False, timeout=10) as client:
        assert (await client.get(f"{facts.api}/readyz")).status_code == 200
        for provider in facts.providers:
            assert (await client.get(f"{provider}/pdp/ping")).status_code == 200
        assert (await client.get(f"{facts.api}/api/vibestreams")).json() == []
    assert rpc.call(facts.rpc, "eth_chainId") == hex(31_415_926)


def check_files(plan: WorldPlan, facts: Ready, monkeypatch: pytest.MonkeyPatch) -> None:
    assert set(facts.pids) == set(PART_NAMES)
    assert all(is_alive(pid) for pid in facts.pids.values())
    assert permissions(Path(facts.env_file)) == 0o600
    exported = json.loads(Path(facts.devnet_info).read_text())
    urls = [provider["pdp_service_url"] for provider in exported["info"]["pdp_sps"]]
    assert urls == list(facts.providers)
    for name in [name for name in os.environ if name.startswith(("VIBESFLOW_", "AWS_"))]:
        monkeypatch.delenv(name)
    with monkeypatch.context() as patched:
        patched.setattr(os, "environ", os.environ.copy())
        apply_env_file(Path(facts.env_file))
        settings = load_settings(needs_key=True)
    assert settings.temporal.address == facts.temporal
    assert settings.staging.url == facts.staging
    assert settings.api.public_url == facts.api
    assert sorted(log.stem for log in plan.data.logs.iterdir()) == sorted(PART_NAMES)


async def check_healing(plan: WorldPlan, part: str) -> None:
    before = published(plan).pids
    os.kill(before[part], signal.SIGKILL)
    await eventually(lambda: published(plan).pids[part] != before[part], limit_s=60)
    after = published(plan).pids
    assert is_alive(after[part])
    assert {name: pid for name, pid in after.items() if name != part} == {
        name: pid for name, pid in before.items() if name != part
    }


async def check_restart_by_order(plan: WorldPlan) -> None:
    facts = published(plan)
    async with FaultClient(facts.providers[2]) as client:
        await client.set(FaultOrder(name=FaultName.BUSY, at=Point.RECEIVE))
        await client.set(FaultOrder(name=FaultName.RESTART))
        await eventually(
            lambda: published(plan).pids["provider_3"] != facts.pids["provider_3"], limit_s=60
        )
        assert await client.show() == ()


async def test_programs_of_parts_are_replaced_by_name(plan: WorldPlan) -> None:
    told = (sys.executable, "-c", "raise SystemExit('instead of the chain')")
    with pytest.raises(PartNotStarted, match="instead of the chain"):
        async with running(replace(plan, programs={"chain": told})):
            pass
    with pytest.raises(ValueError, match="no such parts: chian"):
        async with running(replace(plan, programs={"chian": told})):
            pass


async def test_state_survives_a_clean_stop(plan: WorldPlan) -> None:
    blocks: list[int] = []
    for _ in range(2):
        async with running(plan) as world:
            blocks.append(int(str(rpc.call(world.ready.rpc, "eth_blockNumber")), 16))
    assert blocks[0] > 10
    assert blocks[1] == blocks[0], "the second start found everything deployed"


async def test_a_part_that_cannot_start_is_named_and_the_others_are_stopped(
    plan: WorldPlan,
) -> None:
    named = pytest.raises(PartNotStarted, match=r"provider_1 ended with code \d+; the end of")
    with socket.create_server((LOOPBACK, plan.ports.provider_1)), named:
        async with running(plan):
            pass
    listening = await asyncio.gather(*(answers(port) for port in vars(plan.ports).values()))
    assert not any(listening)
    assert not any(path.exists() for path in plan.ready_files)


async def answers(port: int) -> bool:
    try:
        _, writer = await asyncio.open_connection(LOOPBACK, port)
    except OSError:
        return False
    writer.close()
    return True
