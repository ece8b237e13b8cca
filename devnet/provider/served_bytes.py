"""Spoiling a served piece on its way out, when that is ordered."""

from __future__ import annotations

from starlette.types import Message, Scope, Send

from devnet.provider.faults import FaultName, Faults
from devnet.provider.hanging_up import hang_up


def spoiled(scope: Scope, send: Send, faults: Faults) -> Send:
    """Return what sends the answer to a retrieval: as it is, or spoiled if a fault strikes."""
    if scope["method"] != "GET":
        return send
    if faults.strikes(FaultName.WRONG_BYTES):
        return _corrupting(send)
    if faults.strikes(FaultName.TRUNCATED_BYTES):
        return _truncating(scope, send)
    return send


def _corrupting(send: Send) -> Send:
    async def corrupted(message: Message) -> None:
        body = message.get("body", b"")
        if message["type"] == "http.response.body" and body:
            message = {**message, "body": bytes([body[0] ^ 0xFF]) + body[1:]}
        await send(message)

    return corrupted


def _truncating(scope: Scope, send: Send) -> Send:
    """Announce everything, send half of it and close."""
    left = 0
    cut = False

    async def truncated(message: Message) -> None:
        nonlocal left, cut
        if cut:
            return
        if message["type"] == "http.response.start":
            left = _content_length(message) // 2
            await send(message)
            return
        body = message.get("body", b"")
        await send({**message, "body": body[:left], "more_body": True})
        cut = len(body) >= left
        left -= len(body)
        if cut:
            await hang_up(scope)

    return truncated


def _content_length(message: Message) -> int:
    lengths = [int(value) for name, value in message["headers"] if name == b"content-length"]
    return lengths[0] if lengths else 0
