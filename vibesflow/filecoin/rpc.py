"""JSON-RPC over several endpoints: the next one is taken when one fails."""

from __future__ import annotations

import logging
import re
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Final, TypeVar
from urllib.parse import urlsplit

from aiohttp import ClientError, ClientResponseError, ClientTimeout
from eth_utils.address import to_checksum_address
from web3 import AsyncHTTPProvider, AsyncWeb3
from web3.exceptions import ContractLogicError, Web3Exception, Web3RPCError
from web3.types import TxParams

from vibesflow.errors import ChainDown, WrongChain
from vibesflow.filecoin.reverts import Revert, decode_revert, find_revert
from vibesflow.filecoin.rpc_answers import BoundedProvider

_log = logging.getLogger(__name__)

# it logs whole addresses, and those of paid endpoints hold API keys
logging.getLogger("web3").setLevel(logging.WARNING)

CALL_S: Final = 20.0
"""Longest time that one endpoint may take for one call."""

REST_S: Final = 30.0
"""How long an endpoint that failed is passed over, while others work."""

_FAILURES: Final = (
    ClientError,
    OSError,
    TimeoutError,
    ValueError,
    Web3Exception,
    # what web3 makes of answers in the wrong shape
    KeyError,
    RecursionError,
    TypeError,
)

_REVERT_DATA: Final = re.compile(r"0x(?:[0-9a-fA-F]{2})*")

_Result = TypeVar("_Result")


@dataclass(slots=True)
class _Endpoint:
    host: str
    web3: AsyncWeb3[AsyncHTTPProvider]
    resting_until_s: float = 0.0
    found: int | None = None
    """Chain that it is on, once it has said so."""


class Rpc:
    """Reads from one chain. Endpoints are known to be of that chain before they are believed.

    Args:
        urls: endpoints in order of preference.
        chain_id: the chain they must be on.
        now_s: a clock that never goes back.
    """

    def __init__(
        self, urls: Sequence[str], chain_id: int, *, now_s: Callable[[], float] = time.monotonic
    ) -> None:
        self._endpoints = [_Endpoint(_host(url), _web3(url)) for url in urls]
        self._chain_id = chain_id
        self._now_s = now_s

    async def check(self) -> None:
        """Return if an endpoint answers, and all that were asked until then are of the right chain.

        Raises:
            ChainDown: none answers.
            WrongChain: an endpoint that was asked is on another chain.
        """
        await self.ask("chain id", _chain_id)
        for endpoint in self._endpoints:
            if stray := self._stray(endpoint):
                raise stray

    async def call(self, contract: str, data: bytes) -> bytes:
        """Call a contract at the latest block, without sending anything.

        Raises:
            ChainDown: no endpoint answers.
            ContractReverted: the contract refuses.
        """
        params: TxParams = {"to": to_checksum_address(contract), "data": data}

        async def ask(web3: AsyncWeb3[AsyncHTTPProvider]) -> bytes:
            # contracts must not make us fetch addresses of their choice (EIP-3668)
            return bytes(await web3.eth.call(params, ccip_read_enabled=False))

        return await self.ask(f"call {contract}", ask)

    async def close(self) -> None:
        """Close all connections."""
        for endpoint in self._endpoints:
            await endpoint.web3.provider.disconnect()

    async def ask(
        self, doing: str, ask: Callable[[AsyncWeb3[AsyncHTTPProvider]], Awaitable[_Result]]
    ) -> _Result:
        """Return what the first endpoint that works answers.

        Args:
            doing: what for, in the words of a fault.
            ask: puts the question; it may be put to several endpoints, one after the other.

        Raises:
            ChainDown: no endpoint of this chain answers.
            ChainFault: a contract refuses.
            WrongChain: every endpoint is on another chain.
        """
        faults = []
        for endpoint in self._in_order():
            try:
                await self._check_chain(endpoint)
                result = await ask(endpoint.web3)
            except (*_FAILURES, WrongChain) as error:
                if revert := _revert_in(error):
                    raise revert.as_error(doing) from error
                faults.append(_told(endpoint, error))
                endpoint.resting_until_s = self._now_s() + REST_S
                _log.warning("RPC endpoint failed: %s: %s", doing, faults[-1])
            else:
                return result
        strays = [stray for endpoint in self._endpoints if (stray := self._stray(endpoint))]
        # an outage passes: while some are only silent, nobody's work is to fail for good
        if strays and len(strays) == len(self._endpoints):
            raise strays[0]
        raise ChainDown(f"{doing}: no RPC endpoint answers: {'; '.join(faults)}")

    def _in_order(self) -> list[_Endpoint]:
        now_s = self._now_s()
        return sorted(self._endpoints, key=lambda endpoint: endpoint.resting_until_s > now_s)

    async def _check_chain(self, endpoint: _Endpoint) -> None:
        if endpoint.found == self._chain_id:
            return
        endpoint.found = None
        endpoint.found = await _chain_id(endpoint.web3)
        if stray := self._stray(endpoint):
            raise stray

    def _stray(self, endpoint: _Endpoint) -> WrongChain | None:
        if endpoint.found is None or endpoint.found == self._chain_id:
            return None
        return WrongChain(
            f"VIBESFLOW_RPC_URLS: {endpoint.host} is on chain {endpoint.found},"
            f" not {self._chain_id}"
        )


async def _chain_id(web3: AsyncWeb3[AsyncHTTPProvider]) -> int:
    return int(await web3.eth.chain_id)


def _revert_in(error: Exception) -> Revert | None:
    if isinstance(error, ContractLogicError):
        if isinstance(error.data, str) and _REVERT_DATA.fullmatch(error.data):
            return decode_revert(bytes.fromhex(error.data[2:]))
        return find_revert(str(error)) or Revert("", (), str(error)[:200])
    return find_revert(str(error)) if isinstance(error, Web3RPCError) else None


def _told(endpoint: _Endpoint, error: Exception) -> str:
    if isinstance(error, WrongChain):
        return error.message
    return f"{endpoint.host}: {_named(error)}"


def _named(error: Exception) -> str:
    """Name a fault without its text, which may quote an address with an API key in it."""
    if isinstance(error, Web3RPCError):
        return f"{type(error).__name__}: {str(error)[:200]}"
    if isinstance(error, ClientResponseError):
        return f"HTTP status {error.status}"
    return type(error).__name__


def _host(url: str) -> str:
    return urlsplit(url).netloc.rpartition("@")[2]


def _web3(url: str) -> AsyncWeb3[AsyncHTTPProvider]:
    provider = BoundedProvider(
        url,
        request_kwargs={"timeout": ClientTimeout(total=CALL_S)},
        exception_retry_configuration=None,
    )
    return AsyncWeb3(provider, middleware=[])
