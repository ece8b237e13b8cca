"""Choosing providers through the client, with real providers and a real registry."""

from __future__ import annotations

import pytest

from tests.filecoin.front import Forward
from tests.filecoin.onchain import Onchain
from tests.filecoin.small_server import HANG_UP, Reply, Request, SmallServer, text
from vibesflow.errors import NoProvider, ProviderDown
from vibesflow.filecoin import FilecoinClient
from vibesflow.filecoin.chain_views import RegisteredProvider
from vibesflow.filecoin.provider import Provider
from vibesflow.filecoin.registry import capacity_of


async def _names(client: FilecoinClient, count: int, **wishes: int) -> list[str]:
    return [provider.name for provider in await client.choose_copies(count, **wishes)]


async def test_as_many_copies_as_there_are_providers(client: FilecoinClient) -> None:
    assert await _names(client, 1) == ["one"]
    assert await _names(client, 2) == ["one", "two"]
    assert await _names(client, 3) == ["one", "two"]


async def test_a_dead_primary_makes_way_and_rests(client: FilecoinClient, world: Onchain) -> None:
    async def dead(_: Request, _forward: Forward) -> Reply:
        return HANG_UP

    world.fronts[0].disturb = dead
    assert await _names(client, 2) == ["two"]
    world.fronts[0].calm()
    assert await _names(client, 2) == ["two", "one"]
    one, *_ = await client.providers()
    client.note_success(one.provider_id)
    assert await _names(client, 2) == ["one", "two"]


async def test_a_fault_that_is_noted(client: FilecoinClient) -> None:
    one, *_ = await client.providers()
    client.note_fault(one.provider_id)
    assert await _names(client, 1) == ["two"]
    assert (await client.choose_provider(preferred=one.provider_id)).name == "two"


async def test_sizes(client: FilecoinClient) -> None:
    assert await _names(client, 2, size_bytes=1_065_353_216) == ["one", "two"]
    with pytest.raises(NoProvider, match="takes 2000000000 bytes"):
        await _names(client, 1, size_bytes=2_000_000_000)


async def test_a_ping_is_tried_three_times(
    provider: Provider, server: SmallServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("vibesflow.filecoin.provider.PING_PAUSES_S", (0.01, 0.01))
    server.replies = [HANG_UP, text(503, "alerts"), text(200, "curio-pdp")]
    await provider.ping()
    server.replies = [text(503, "alerts")] * 3
    with pytest.raises(ProviderDown, match="alerts"):
        await provider.ping()
    assert len(server.seen) == 6


@pytest.mark.parametrize(
    ("capabilities", "capacity"),
    [
        ({}, ""),
        ({"location": b"C=DE"}, ""),
        ({"capacityTib": b"40"}, "capacityTib=40"),
        ({"capacityTib": b"\x01\x00"}, "capacityTib=256"),
        ({"Capacity": b"\xff\xff", "capacityFree": b"half"}, "Capacity=65535 capacityFree=half"),
    ],
)
def test_announced_capacity(capabilities: dict[str, bytes], capacity: str) -> None:
    entry = RegisteredProvider(1, "0x1", "0x2", "sp", capabilities)
    assert capacity_of(entry.capabilities) == capacity
