"""Plain JSON-RPC for what the node's own methods do; contracts go through web3."""

from __future__ import annotations

from functools import cache

import httpx

from vibesflow.errors import ChainDown, ChainFault

_TIMEOUT_S = 60.0


def call(rpc_url: str, method: str, *params: object, timeout_s: float = _TIMEOUT_S) -> object:
    """Return the result of one call.

    Raises:
        ChainDown: the node does not answer.
        ChainFault: it answers with an error.
    """
    request = {"jsonrpc": "2.0", "id": 1, "method": method, "params": params}
    try:
        answer = _client().post(rpc_url, json=request, timeout=timeout_s)
    except httpx.TransportError as error:
        raise ChainDown(f"the devnet's node does not answer: {type(error).__name__}") from error
    if answer.status_code != httpx.codes.OK:
        raise ChainDown(f"the devnet's node does not answer: status {answer.status_code}")
    body = answer.json()
    if "error" in body:
        raise ChainFault(f"{method}: {body['error'].get('message', 'failed')}")
    result: object = body["result"]
    return result


@cache
def _client() -> httpx.Client:
    """Making one costs more than a call; it may be used on any thread, and leaves nothing open."""
    return httpx.Client(trust_env=False, limits=httpx.Limits(max_keepalive_connections=0))
