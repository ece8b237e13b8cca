"""JSON-RPC endpoints that fail in every way, over real HTTP."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable

import pytest
from aiohttp import ClientSession

from tests.filecoin.small_server import (
    HANG_UP,
    Reply,
    Request,
    SmallServer,
    as_json,
    small_server,
    text,
)
from vibesflow.errors import ChainDown, ContractReverted, RetryClass, WrongChain
from vibesflow.filecoin.rpc import REST_S, Rpc

CHAIN_ID = 31_415_926
CONTRACT = "0x" + "ab" * 20


class Node:
    """Answers ``eth_chainId``, and ``eth_call`` as told."""

    def __init__(self, served: SmallServer, chain_id: int = CHAIN_ID) -> None:
        self.served = served
        self.chain_id = chain_id
        self.answer: Reply | dict[str, object] = {"result": "0x01"}
        served.handler = self._handle

    @property
    def url(self) -> str:
        return self.served.url

    @property
    def calls(self) -> int:
        return sum(self._method(request) == "eth_call" for request in self.served.seen)

    def _handle(self, request: Request) -> Reply:
        if self._method(request) == "eth_chainId":
            return self._reply(request, {"result": hex(self.chain_id)})
        answer = self.answer
        return answer if isinstance(answer, Reply) else self._reply(request, answer)

    def _method(self, request: Request) -> object:
        body = request.json()
        assert isinstance(body, dict)
        return body["method"]

    def _reply(self, request: Request, content: dict[str, object]) -> Reply:
        body = request.json()
        assert isinstance(body, dict)
        return as_json({"jsonrpc": "2.0", "id": body["id"]} | content)


@pytest.fixture
async def nodes() -> AsyncIterator[tuple[Node, Node]]:
    async with small_server() as first, small_server() as second:
        yield Node(first), Node(second)


@pytest.fixture
async def rpc(nodes: tuple[Node, Node]) -> AsyncIterator[Rpc]:
    opened = Rpc([node.url for node in nodes], CHAIN_ID)
    yield opened
    await opened.close()


FAULTS: dict[str, Reply | dict[str, object]] = {
    "hang-up": HANG_UP,
    "too-many-requests": text(429, "slow down"),
    "gateway": text(502, "<html>"),
    "not-json": text(200, "<html>"),
    "rpc-error": {"error": {"code": -32005, "message": "daily limit reached"}},
}


async def test_a_call_goes_to_the_first_endpoint(rpc: Rpc, nodes: tuple[Node, Node]) -> None:
    await rpc.check()
    assert await rpc.call(CONTRACT, b"\x01") == b"\x01"
    assert [node.calls for node in nodes] == [1, 0]
    body = nodes[0].served.seen[-1].json()
    assert isinstance(body, dict)
    (params, block) = body["params"]
    assert (params["data"], block, "from" in params) == ("0x01", "latest", False)


@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS.keys())
async def test_the_next_endpoint_is_taken(
    rpc: Rpc, nodes: tuple[Node, Node], fault: Reply | dict[str, object]
) -> None:
    nodes[0].answer = fault
    nodes[1].answer = {"result": "0x02"}
    assert await rpc.call(CONTRACT, b"") == b"\x02"
    assert await rpc.call(CONTRACT, b"") == b"\x02"
    assert [node.calls for node in nodes] == [1, 2]


async def test_an_endpoint_that_rested_is_asked_again(nodes: tuple[Node, Node]) -> None:
    now_s = 0.0
    rpc = Rpc([node.url for node in nodes], CHAIN_ID, now_s=lambda: now_s)
    nodes[0].answer = HANG_UP
    await rpc.call(CONTRACT, b"")
    nodes[0].answer = {"result": "0x05"}
    now_s = REST_S - 1
    assert await rpc.call(CONTRACT, b"") == b"\x01"
    now_s = REST_S
    assert await rpc.call(CONTRACT, b"") == b"\x05"
    await rpc.close()


async def test_nobody_answers(rpc: Rpc, nodes: tuple[Node, Node]) -> None:
    for node in nodes:
        node.answer = FAULTS["rpc-error"]
    with pytest.raises(ChainDown, match="daily limit reached") as caught:
        await rpc.call(CONTRACT, b"")
    assert caught.value.message.count("127.0.0.1") == 2


async def test_a_status_is_named(rpc: Rpc, nodes: tuple[Node, Node]) -> None:
    for node in nodes:
        node.answer = text(429, "slow down")
    with pytest.raises(ChainDown, match="HTTP status 429"):
        await rpc.call(CONTRACT, b"")


async def test_a_key_in_an_address_is_never_shown(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    async with small_server() as gone:
        url = gone.url.replace("http://", "http://user:secret@") + "/v1/secret?key=secret"
    rpc = Rpc([url], CHAIN_ID)
    with pytest.raises(ChainDown) as caught:
        await rpc.check()
    await rpc.close()
    assert "secret" not in caught.value.message
    assert "secret" not in caplog.text


@pytest.mark.parametrize("meanwhile", [True, False], ids=["under-way", "afterwards"])
async def test_what_is_asked_when_it_is_closed_leaves_no_session_open(
    nodes: tuple[Node, Node], monkeypatch: pytest.MonkeyPatch, *, meanwhile: bool
) -> None:
    """A call may go on that nobody waits for: one of several, when another of them failed."""
    opened = list[ClientSession]()
    monkeypatch.setattr(ClientSession, "__init__", _noted(ClientSession.__init__, opened))
    rpc = Rpc([node.url for node in nodes], CHAIN_ID)
    asked = asyncio.create_task(rpc.check())
    if meanwhile:
        await asyncio.sleep(0)
    await rpc.close()
    with pytest.raises(ChainDown):
        await asked
    assert all(session.closed for session in opened)


def _noted(init: Callable[..., None], opened: list[ClientSession]) -> Callable[..., None]:
    def noted(self: ClientSession, *args: object, **named: object) -> None:
        opened.append(self)
        init(self, *args, **named)

    return noted


async def test_an_endpoint_of_another_chain_is_not_believed(nodes: tuple[Node, Node]) -> None:
    nodes[0].chain_id = 1
    rpc = Rpc([node.url for node in nodes], CHAIN_ID)
    with pytest.raises(WrongChain, match="is on chain 1, not 31415926") as caught:
        await rpc.check()
    assert caught.value.retry is RetryClass.FATAL
    assert await rpc.call(CONTRACT, b"") == b"\x01"
    assert [node.calls for node in nodes] == [0, 1]
    await rpc.close()


async def test_a_fallback_of_another_chain_makes_no_outage_final(
    rpc: Rpc, nodes: tuple[Node, Node]
) -> None:
    """Final would park the chunks of every stream for a few seconds without the first endpoint."""
    nodes[1].chain_id = 1
    await rpc.check()
    nodes[0].answer = HANG_UP
    for _ in range(2):
        with pytest.raises(ChainDown, match="is on chain 1, not 31415926") as caught:
            await rpc.call(CONTRACT, b"")
        assert caught.value.retry is RetryClass.RETRY
    assert nodes[1].calls == 0
    nodes[0].answer = {"result": "0x05"}
    assert await rpc.call(CONTRACT, b"") == b"\x05"


async def test_endpoints_that_are_all_of_another_chain(rpc: Rpc, nodes: tuple[Node, Node]) -> None:
    for node in nodes:
        node.chain_id = 1
    for ask in (rpc.check, lambda: rpc.call(CONTRACT, b"")):
        with pytest.raises(WrongChain, match="is on chain 1"):
            await ask()
    assert [node.calls for node in nodes] == [0, 0]
    nodes[1].chain_id = CHAIN_ID
    assert await rpc.call(CONTRACT, b"") == b"\x01"


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        ({"code": 3, "message": "execution reverted", "data": "0x5d946944"}, "DataSetNotLive"),
        (
            {
                "code": 3,
                "message": "execution reverted: nope",
                "data": "0x08c379a0" + f"{32:064x}{4:064x}" + b"nope".hex().ljust(64, "0"),
            },
            "Error",
        ),
        ({"code": 3, "message": "execution reverted", "data": "0x"}, ""),
        ({"code": 3, "message": "execution reverted: out of luck"}, ""),
        ({"code": 3, "message": "execution reverted", "data": {"reason": "odd"}}, ""),
        (
            {"code": 1, "message": "message execution failed: exit 33, vm error=[0x9a83803e]"},
            "DataSetNotFound",
        ),
    ],
)
async def test_a_revert_is_an_answer(
    rpc: Rpc, nodes: tuple[Node, Node], error: dict[str, object], reason: str
) -> None:
    nodes[0].answer = {"error": error}
    with pytest.raises(ContractReverted) as caught:
        await rpc.call(CONTRACT, b"")
    assert caught.value.reason == reason
    assert nodes[1].calls == 0


async def test_a_silent_endpoint_is_left(
    nodes: tuple[Node, Node], monkeypatch: pytest.MonkeyPatch
) -> None:
    async def silent(_: Request) -> Reply:
        await asyncio.sleep(60)
        return Reply()

    monkeypatch.setattr("vibesflow.filecoin.rpc.CALL_S", 0.1)
    nodes[0].served.handler = silent
    rpc = Rpc([node.url for node in nodes], CHAIN_ID)
    assert await rpc.call(CONTRACT, b"") == b"\x01"
    await rpc.close()
