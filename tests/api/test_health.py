from __future__ import annotations

import asyncio

import pytest
import pytest_asyncio

from api.routes import health
from tests.api.door import NOW, open_door, unreachable_ledger
from vibesflow import __version__


@pytest_asyncio.fixture
async def crippled(tmp_path):
    """Nothing of it answers."""
    file = tmp_path / "file"
    file.write_bytes(b"")
    async with open_door(unreachable_ledger(), file / "staging") as opened:
        opened.streams.down = True
        yield opened


async def test_healthy(shut_door):
    reply = await shut_door.client.get("/health")
    assert reply.status_code == 200
    assert reply.json() == {
        "status": "healthy",
        "timestamp": NOW.isoformat(timespec="milliseconds"),
        "service": "vibesflow",
        "version": __version__,
        "network": "devnet",
        "dependencies": {"staging": "up", "temporal": "up", "table": "up"},
        "filecoin": {
            "walletStatus": {
                "FIL": None,
                "USDFC_Wallet": None,
                "USDFC_Contract": None,
                "sufficientFunds": None,
            },
            "pandoraStatus": {
                "address": "0x" + "5" * 40,
                "isApproved": None,
                "rateAllowance": None,
                "lockupAllowance": None,
            },
        },
    }


async def test_unhealthy_names_every_fault_at_once(crippled):
    reply = await crippled.client.get("/health")
    assert (reply.status_code, reply.json()["status"]) == (503, "unhealthy")
    faults = reply.json()["dependencies"]
    assert "up" not in faults.values()
    assert set(faults) == {"staging", "temporal", "table"}


async def test_alive_whatever_is_down(crippled):
    reply = await crippled.client.get("/livez")
    assert (reply.status_code, reply.json()) == (200, {"status": "live"})


async def test_ready(shut_door):
    reply = await shut_door.client.get("/readyz")
    assert (reply.status_code, reply.json()) == (200, {"status": "ready"})


async def test_not_ready_without_temporal(door):
    door.streams.down = True
    reply = await door.client.get("/readyz")
    assert (reply.status_code, reply.json()["detail"]["dependency"]) == (503, "temporal")


async def test_not_ready_without_staging(crippled):
    crippled.streams.down = False
    reply = await crippled.client.get("/readyz")
    assert (reply.status_code, reply.json()["detail"]["dependency"]) == (503, "staging")


async def test_ready_without_the_table(tmp_path):
    """Chunks are acknowledged without it, so it must not take the door out of service."""
    async with open_door(unreachable_ledger(), tmp_path / "staging") as door:
        assert (await door.client.get("/readyz")).status_code == 200
        assert (await door.client.get("/health")).status_code == 503


async def test_a_dependency_that_hangs_is_down(door, monkeypatch):
    async def hang():
        await asyncio.sleep(3_600)

    monkeypatch.setattr(health, "PROBE_TIMEOUT_S", 0.2)
    monkeypatch.setattr(door.streams, "check", hang)
    reply = await door.client.get("/readyz")
    assert (reply.status_code, reply.json()["detail"]["dependency"]) == (503, "temporal")
    assert "0.2 s" in reply.json()["error"]


@pytest.mark.parametrize("path", ["/health", "/livez", "/readyz", "/metrics", "/api/vibestreams"])
async def test_head_is_answered_like_get_without_a_body(shut_door, path):
    reply = await shut_door.client.head(path)
    assert (reply.status_code, reply.content) == (200, b"")


async def test_checks_leave_nothing_behind(shut_door):
    await shut_door.client.get("/health")
    await shut_door.assert_untouched()
