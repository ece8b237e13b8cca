"""Ways to see that a part answers; each is one short try."""

from __future__ import annotations

import asyncio
import ssl
from datetime import timedelta

import httpx
from temporalio.api.operatorservice.v1 import ListSearchAttributesRequest
from temporalio.client import Client
from temporalio.service import RPCError

from devnet.part import Probe

_TRY_S = 2.0

PLAIN_HTTP = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
"""Trusts nobody, since no part speaks TLS. Reading the machine's certificates for each try would
take longer than the try, and the processor from the parts that are coming up."""


def http_answers(url: str, *, status: int = 200) -> Probe:
    """Return a probe that wants a status from an address."""

    async def probe() -> bool:
        async with _client() as client:
            try:
                return (await client.get(url)).status_code == status
            except httpx.TransportError:
                return False

    return probe


def chain_answers(rpc_url: str) -> Probe:
    """Return a probe that wants an EVM node to name its chain."""
    question = {"jsonrpc": "2.0", "id": 1, "method": "eth_chainId", "params": []}

    async def probe() -> bool:
        async with _client() as client:
            try:
                answer = await client.post(rpc_url, json=question)
            except httpx.TransportError:
                return False
        return answer.status_code == 200 and "result" in answer.json()

    return probe


def port_answers(host: str, port: int) -> Probe:
    """Return a probe that wants a listener on a port."""

    async def probe() -> bool:
        try:
            async with asyncio.timeout(_TRY_S):
                _, writer = await asyncio.open_connection(host, port)
        except (OSError, TimeoutError):
            return False
        writer.close()
        return True

    return probe


def temporal_answers(address: str, namespace: str, attributes: frozenset[str]) -> Probe:
    """Return a probe that wants a namespace with its search attributes."""

    async def probe() -> bool:
        try:
            client = await Client.connect(address, namespace=namespace)
            found = await client.operator_service.list_search_attributes(
                ListSearchAttributesRequest(namespace=namespace),
                timeout=timedelta(seconds=_TRY_S),
            )
        except (RuntimeError, RPCError):
            return False
        return attributes <= set(found.custom_attributes)

    return probe


def all_answer(*probes: Probe) -> Probe:
    """Return a probe that wants every one of these, asked in order."""

    async def probe() -> bool:
        for each in probes:
            if not await each():
                return False
        return True

    return probe


def _client() -> httpx.AsyncClient:
    return httpx.AsyncClient(timeout=_TRY_S, trust_env=False, verify=PLAIN_HTTP)
