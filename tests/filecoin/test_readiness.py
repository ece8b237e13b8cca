from __future__ import annotations

import pytest

from tests.filecoin.small_server import HANG_UP, Reply, SmallServer, as_json, text
from vibesflow.errors import PieceNotReady, ProviderBusy, ProviderDown, ProviderLied
from vibesflow.filecoin import piece_cid_of, readiness
from vibesflow.filecoin.provider import Provider

CID = piece_cid_of(bytes(127))
READY = as_json({"pieceCid": CID.text})


@pytest.fixture(autouse=True)
def _hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(readiness, "PAUSE_S", 0.02)
    monkeypatch.setattr(readiness, "PAUSES_S", (0.01,))


async def test_a_piece_that_gets_published(provider: Provider, server: SmallServer) -> None:
    server.replies = [text(404, ""), text(202, ""), text(404, ""), READY]
    polls: list[int] = []
    await readiness.wait_ready(provider, CID, timeout_s=5, on_poll=lambda: polls.append(1))
    assert len(polls) == 4


async def test_a_stumbling_provider_is_asked_again(provider: Provider, server: SmallServer) -> None:
    server.replies = [HANG_UP] * 3 + [text(500, "x")] * 3 + [Reply(429), READY]
    await readiness.wait_ready(provider, CID, timeout_s=5)


@pytest.mark.parametrize(
    ("reply", "cause"), [(text(404, ""), type(None)), (text(500, ""), ProviderDown)]
)
async def test_the_time_is_kept(
    provider: Provider, server: SmallServer, reply: Reply, cause: type[object]
) -> None:
    server.handler = lambda _: reply
    with pytest.raises(PieceNotReady, match=r"after 0\.1 s") as caught:
        await readiness.wait_ready(provider, CID, timeout_s=0.1)
    assert isinstance(caught.value.__cause__, cause)


async def test_a_longer_wait_than_there_is_time_ends_at_once(
    provider: Provider, server: SmallServer
) -> None:
    server.handler = lambda _: Reply(429, headers={"Retry-After": "300"})
    with pytest.raises(PieceNotReady) as caught:
        await readiness.wait_ready(provider, CID, timeout_s=10)
    assert isinstance(caught.value.__cause__, ProviderBusy)
    assert len(server.seen) == 1


async def test_a_lie_is_not_waited_for(provider: Provider, server: SmallServer) -> None:
    server.handler = lambda _: as_json({"pieceCid": "other"})
    with pytest.raises(ProviderLied):
        await readiness.wait_ready(provider, CID, timeout_s=5)
