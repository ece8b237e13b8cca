"""The chain's JSON-RPC address: reads go straight to the node, changes through their keeper."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable

from starlette.types import Receive, Scope, Send

from devnet.chain.keeper import ChainKeeper
from devnet.chain.upstream import Upstream
from vibesflow.errors import ChainDown

_CHANGING = ("eth_send", "evm_", "anvil_", "hardhat_", "tenderly_")
_READING = frozenset({"anvil_dumpState", "anvil_metadata", "anvil_nodeInfo"})
_TIME_TRAVEL = frozenset(
    f"{family}_{name}"
    for family in ("anvil", "evm")
    for name in (
        "increaseTime",
        "setTime",
        "setNextBlockTimestamp",
        "setBlockTimestampInterval",
        "removeBlockTimestampInterval",
    )
)
_NOT_SUPPORTED = -32_004
_BAD_PARAMS = -32_602

_ANYONE = (
    (b"access-control-allow-origin", b"*"),
    (b"access-control-allow-headers", b"*"),
)
"""Web pages may ask, as they may ask the node itself."""

Call = dict[str, object]
Answer = dict[str, object]


class Front:
    """The application; it answers at every path, as the node does."""

    def __init__(self, keeper: ChainKeeper, node: Upstream) -> None:
        self._keeper = keeper
        self._node = node
        self._own: dict[str, Callable[[list[object]], Awaitable[object]]] = {
            "evm_mine": self._mine,
            "evm_setAutomine": self._set_automine,
            "anvil_setAutoMine": self._set_automine,
            "evm_setIntervalMining": self._set_interval,
            "anvil_setIntervalMining": self._set_interval,
            "anvil_getAutomine": self._get_automine,
            "anvil_getIntervalMining": self._get_interval,
        }

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one HTTP request; it is finished even if nobody waits for the answer."""
        if scope["type"] != "http":
            return
        status, body = 200, b""
        if scope["method"] == "POST":
            try:
                body = await self._answer(await _body(receive))
            except ChainDown as error:
                status, body = 502, error.message.encode()
        elif scope["method"] != "OPTIONS":
            status = 405
        headers = [(b"content-type", b"application/json"), *_ANYONE]
        headers.append((b"content-length", str(len(body)).encode()))
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    async def _answer(self, body: bytes) -> bytes:
        try:
            asked = json.loads(body)
        except ValueError:
            return await self._node.forward(body)
        calls = asked if isinstance(asked, list) else [asked]
        if not any(isinstance(call, dict) and self._is_changing(call) for call in calls):
            return await self._node.forward(body)
        if not isinstance(asked, list):
            return await self._one(asked)
        return b"[" + b",".join([await self._one(call) for call in asked]) + b"]"

    def _is_changing(self, call: Call) -> bool:
        method = str(call.get("method"))
        return method.startswith(_CHANGING) and method not in _READING

    async def _one(self, call: Call) -> bytes:
        body = json.dumps(call).encode()
        if not self._is_changing(call):
            return await self._node.forward(body)
        method, params = str(call.get("method")), call.get("params")
        words = params if isinstance(params, list) else []
        if method == "eth_sendRawTransaction":
            return _encoded(call, await self._send(words))
        if method in self._own:
            return _encoded(call, await self._ours(method, words))
        if method in _TIME_TRAVEL:
            said = f"{method}: the chain's time is the clock's, so that its blocks can be kept"
            return _encoded(call, _fault(_NOT_SUPPORTED, said))
        answer = await self._keeper.change(body)
        if method.startswith("eth_send") and self._keeper.is_instant:
            await self._keeper.mine()
        return answer

    async def _send(self, params: list[object]) -> Answer:
        if len(params) != 1 or not isinstance(params[0], str):
            return _fault(_BAD_PARAMS, "eth_sendRawTransaction wants one signed transaction")
        return await self._keeper.send(params[0])

    async def _ours(self, method: str, params: list[object]) -> Answer:
        try:
            return {"result": await self._own[method](params)}
        except (IndexError, TypeError, ValueError) as error:
            return _fault(_BAD_PARAMS, f"{method}: {error}")

    async def _mine(self, params: list[object]) -> object:
        if params:
            raise ValueError("without parameters only")
        await self._keeper.mine()
        return "0x0"

    async def _set_automine(self, params: list[object]) -> object:
        self._keeper.is_instant = bool(params[0])
        if self._keeper.is_instant:
            self._keeper.interval_s = None
        return None

    async def _set_interval(self, params: list[object]) -> object:
        seconds = float(str(params[0]))
        self._keeper.is_instant = False
        self._keeper.interval_s = seconds or None
        return None

    async def _get_automine(self, _params: list[object]) -> object:
        return self._keeper.is_instant

    async def _get_interval(self, _params: list[object]) -> object:
        seconds = self._keeper.interval_s
        return int(seconds) if seconds is not None and seconds >= 1 else seconds


async def _body(receive: Receive) -> bytes:
    parts: list[bytes] = []
    while True:
        message = await receive()
        if message["type"] != "http.request":
            return b""
        parts.append(message.get("body", b""))
        if not message.get("more_body"):
            return b"".join(parts)


def _fault(code: int, message: str) -> Answer:
    return {"error": {"code": code, "message": message}}


def _encoded(call: Call, answer: Answer) -> bytes:
    said = {"jsonrpc": "2.0", "id": call.get("id"), **_outcome(answer)}
    return json.dumps(said).encode()


def _outcome(answer: Answer) -> Answer:
    return {name: value for name, value in answer.items() if name in ("result", "error")}
