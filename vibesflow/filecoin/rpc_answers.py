"""Answers of RPC endpoints, read with a bound: an endpoint is a stranger."""

from __future__ import annotations

from typing import Final

from aiohttp import ClientResponse
from eth_typing import URI
from web3 import AsyncHTTPProvider
from web3.types import RPCEndpoint, RPCResponse

MAX_ANSWER_BYTES: Final = 16 * 2**20
"""A day of a busy wallet's log, or a thousand data sets in one call, takes a few of them."""

_BLOCK_BYTES: Final = 64 * 1024


class UnfitAnswer(ValueError):
    """What an endpoint sent is no answer that we would look at."""


class BoundedProvider(AsyncHTTPProvider):
    """web3's provider over HTTP, but that it never reads more than it can use.

    Nor does it ask once it is disconnected, as what others wait for no more may still try to: web3
    would open a session that nobody closes.
    """

    _left = False

    def is_disconnected(self) -> bool:
        """Tell whether nothing may be asked any more."""
        return self._left

    async def disconnect(self) -> None:
        """Close all connections for good."""
        self._left = True
        await super().disconnect()

    async def _post(self, request_data: bytes) -> ClientResponse:
        if self.is_disconnected():
            raise ConnectionError("disconnected")
        try:
            return await self._request_session_manager.async_get_response_from_post_request(
                URI(str(self.endpoint_uri)), data=request_data, **self.get_request_kwargs()
            )
        finally:
            if self.is_disconnected():  # meanwhile, and before the session was opened
                await super().disconnect()

    async def _make_request(self, method: RPCEndpoint, request_data: bytes) -> bytes:
        async with await self._post(request_data) as response:
            response.raise_for_status()
            read = bytearray()
            async for block in response.content.iter_chunked(_BLOCK_BYTES):
                read += block
                if len(read) > MAX_ANSWER_BYTES:
                    raise UnfitAnswer(f"the answer to {method} has more than {MAX_ANSWER_BYTES} B")
        return bytes(read)

    @staticmethod
    def decode_rpc_response(raw_response: bytes) -> RPCResponse:
        """Decode an answer.

        Raises:
            UnfitAnswer: it is nested too deeply, or no JSON-RPC answer at all.
        """
        try:
            answer = AsyncHTTPProvider.decode_rpc_response(raw_response)
        except RecursionError as error:
            raise UnfitAnswer("the answer is nested too deeply") from error
        if not isinstance(answer, dict):
            raise UnfitAnswer("the answer is no JSON-RPC object")
        return answer
