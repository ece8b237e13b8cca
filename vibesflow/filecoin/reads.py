"""Calling view functions, one by one or many in one request (Multicall3)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from eth_abi.exceptions import DecodingError

from vibesflow.errors import ChainFault
from vibesflow.filecoin import abi
from vibesflow.filecoin.abi import Function
from vibesflow.filecoin.rpc import Rpc

Call = tuple[str, Function, tuple[object, ...]]
"""Contract, function and arguments."""


class Reads:
    """Reads contracts at the latest block.

    Every method may raise `ChainDown`, and `ChainFault` where a contract refuses or is another
    one than expected.

    Args:
        rpc: endpoints of the chain.
        multicall3: the contract that answers many calls in one.
    """

    def __init__(self, rpc: Rpc, multicall3: str) -> None:
        self._rpc = rpc
        self._multicall3 = multicall3

    async def one(self, contract: str, function: Function, *args: object) -> tuple[Any, ...]:
        """Return a function's results, in order."""
        return _decode(function, await self._rpc.call(contract, function.encode(*args)))

    async def all(self, calls: Sequence[Call]) -> list[tuple[Any, ...]]:
        """Return the results of calls that see the same block, none of which may be refused."""
        found = []
        for call, answer in zip(calls, await self.many(calls), strict=True):
            if answer is None:
                raise ChainFault(f"the contract at {call[0]} refuses {call[1].signature}")
            found.append(answer)
        return found

    async def many(self, calls: Sequence[Call]) -> list[tuple[Any, ...] | None]:
        """Return the results of calls that see the same block; None for a call that is refused."""
        batch = [(contract, True, function.encode(*args)) for contract, function, args in calls]
        (results,) = await self.one(self._multicall3, abi.AGGREGATE3, batch)
        return [
            _decode(call[1], data) if succeeded else None
            for call, (succeeded, data) in zip(calls, results, strict=True)
        ]


def _decode(function: Function, data: bytes) -> tuple[Any, ...]:
    try:
        return function.decode(data)
    except DecodingError as error:
        raise ChainFault(f"unreadable answer to {function.signature}: wrong contract?") from error
