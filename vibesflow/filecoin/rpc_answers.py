"""Answers of RPC endpoints, read with a bound: an endpoint is a stranger."""

from __future__ import annotations

from typing import Final

from eth_typing import URI
from web3 import AsyncHTTPProvider
from web3.types import RPCEndpoint, RPCResponse

MAX_ANSWER_BYTES: Final = 16 * 2**20
"""A day of a busy wallet's log, or a thousand data sets in one call, takes a few of them."""

_BLOCK_BYTES: Final = 64 * 1024


class UnfitAnswer(ValueError):
    """What an endpoint sent is no answer that we would look at."""


class BoundedProvider(AsyncHTTPProvider):
    """web3's provider over HTTP, but that it never reads more than it can use."""

    async def _make_request(self, method: RPCEndpoint, request_data: bytes) -> bytes:
        response = await self._request_session_manager.async_get_response_from_post_request(
            URI(str(self.endpoint_uri)), data=request_data, **self.get_request_kwargs()
        )
        async with response:
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
