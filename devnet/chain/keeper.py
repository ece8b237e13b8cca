"""Every change of the chain, in one order, written down before it happens.

The node mines nothing by itself. Each block is mined here, with a time that is in the journal, so
a node that begins from the last snapshot and is told the same changes again comes to the same
blocks, down to their hashes.
"""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass
from pathlib import Path

from pydantic import TypeAdapter

from devnet.chain.journal import Change, Journal
from devnet.chain.snapshot import usable_state, write_state
from devnet.chain.upstream import Upstream
from vibesflow.errors import ChainDown

_POOL = TypeAdapter(dict[str, dict[str, dict[str, dict[str, object]]]])
"""What ``txpool_content`` answers: transactions by queue, sender and nonce."""
CHANGES_A_SNAPSHOT = 200
"""So many are made again within a second or two; a snapshot stops the chain for as long as the
node takes to dump it."""
_REST_SHARE = 20
"""A snapshot that takes long is followed by a pause of this many times its length."""


@dataclass(frozen=True)
class _Head:
    number: int
    timestamp_s: int

    def next(self) -> _Head:
        """Return the block to be mined now; blocks of one second are a second apart."""
        return _Head(self.number + 1, max(int(time.time()), self.timestamp_s + 1))


class ChainKeeper:
    """The chain's one writer.

    Args:
        node: a node that was started from the snapshot in ``state`` and does not mine.
        state: file of the snapshot. The journal that goes on from it lies beside it and is named
            by the snapshot's block, so that both change hands in one step.
        block_time_s: seconds between blocks; None mines whenever a transaction comes in.
        changes_a_snapshot: so many are journalled before a snapshot takes their place.
    """

    def __init__(
        self,
        node: Upstream,
        state: Path,
        *,
        block_time_s: float | None = None,
        changes_a_snapshot: int = CHANGES_A_SNAPSHOT,
    ) -> None:
        self.is_instant = block_time_s is None
        self.interval_s = block_time_s
        self._node = node
        self._state = state
        self._changes_a_snapshot = changes_a_snapshot
        self._journal = self._journal_from(0)
        self._turn = asyncio.Lock()
        self._head = _Head(0, 0)
        self._pool: dict[str, str] = {}
        self._changes = 0
        self._rest_until_s = 0.0
        self._is_adrift = False

    async def recover(self) -> int:
        """Make every change again that the snapshot lacks; return how many there were.

        Raises:
            ChainDown: the node does not answer.
            ChainFault: it refuses to mine.
        """
        async with self._turn:
            await self._look()
            if usable_state(self._state) is None:
                await self._begin()
                return 0
            self._journal = self._journal_from(self._head.number)
            changes = self._journal.open()
            if changes:
                await self._make_again(changes)
            self._changes = len(changes)
            return self._changes

    async def send(self, raw: str) -> dict[str, object]:
        """Give a signed transaction to the node; in instant mode, mine it.

        Returns:
            The node's own answer, with the hash or the reason for a refusal.

        Raises:
            ChainDown: the node does not answer; the transaction may have been accepted.
        """
        async with self._turn:
            if not self.is_instant:
                return await self._record(Change(raw))
            head = self._head.next()
            return await self._record(Change(raw, head.number, head.timestamp_s))

    async def mine(self) -> None:
        """Mine one block.

        Raises:
            ChainDown: the node does not answer.
        """
        async with self._turn:
            head = self._head.next()
            await self._record(Change(None, head.number, head.timestamp_s))

    async def change(self, body: bytes) -> bytes:
        """Forward a call that changes the node in some other way; its effect is kept as well.

        Raises:
            ChainDown: the node does not answer.
        """
        async with self._turn:
            answer = await self._node.forward(body)
            await self._save()
            return answer

    async def save(self) -> None:
        """Take a snapshot, so that the next start has nothing to make again.

        Raises:
            ChainDown: the node does not answer.
        """
        async with self._turn:
            await self._save()

    async def mine_at_intervals(self) -> None:
        """Mine every so often while there is an interval, until cancelled."""
        while True:
            await asyncio.sleep(self.interval_s or 1)
            if self.interval_s is not None and not self.is_instant:
                await self.mine()

    def close(self) -> None:
        """Close the journal."""
        self._journal.close()

    def _journal_from(self, block: int) -> Journal:
        return Journal(self._state.with_name(f"{self._state.name}.journal-{block}"))

    async def _make_again(self, changes: tuple[Change, ...]) -> None:
        """The node refuses blocks of before its own start, unless its clock is put back."""
        await self._node.call("evm_setTime", self._head.timestamp_s)
        for change in changes:
            await self._make(change)
        await self._node.call("evm_setTime", max(int(time.time()), self._head.timestamp_s))

    async def _begin(self) -> None:
        """Mine an empty block: what a fresh node charges in its first one, no later node does."""
        first = self._head.next()
        await self._make(Change(None, first.number, first.timestamp_s))
        await self._save()

    async def _record(self, change: Change) -> dict[str, object]:
        """Nothing is written after a change that may not have been made: it comes first."""
        if self._is_adrift:
            raise ChainDown("the devnet's node is gone")
        await asyncio.to_thread(self._journal.append, change)
        self._changes += 1
        self._is_adrift = True
        answer = await self._make(change)
        self._is_adrift = False
        if self._changes >= self._changes_a_snapshot and time.monotonic() > self._rest_until_s:
            await self._save()
        return answer

    async def _make(self, change: Change) -> dict[str, object]:
        answer: dict[str, object] = {}
        if change.raw is not None:
            answer = await self._node.ask("eth_sendRawTransaction", change.raw)
            if "error" in answer:
                return answer
            self._pool[str(answer["result"])] = change.raw
        if change.block is not None and change.timestamp_s is not None:
            await self._node.call("evm_mine", {"timestamp": change.timestamp_s})
            self._head = _Head(change.block, change.timestamp_s)
        return answer

    async def _save(self) -> None:
        began_s = time.monotonic()
        await self._look()
        self._pool = await self._still_waiting()
        dump = str(await self._node.call("anvil_dumpState"))
        await asyncio.to_thread(self._change_files, dump)
        self._changes = 0
        self._rest_until_s = time.monotonic() + _REST_SHARE * (time.monotonic() - began_s)

    def _change_files(self, dump: str) -> None:
        """Lay the next journal ready; the snapshot that names it takes effect when it is there."""
        self._journal.close()
        self._journal = self._journal_from(self._head.number)
        self._journal.replace(map(Change, self._pool.values()))
        write_state(self._state, dump)
        for path in self._state.parent.glob(f"{self._state.name}.journal-*"):
            if path != self._journal.path:
                path.unlink()

    async def _still_waiting(self) -> dict[str, str]:
        queues = _POOL.validate_python(await self._node.call("txpool_content"))
        waiting = {
            str(transaction["hash"])
            for senders in queues.values()
            for nonces in senders.values()
            for transaction in nonces.values()
        }
        return {tx_hash: raw for tx_hash, raw in self._pool.items() if tx_hash in waiting}

    async def _look(self) -> None:
        block = await self._node.call("eth_getBlockByNumber", "latest", False)
        if not isinstance(block, dict):
            raise TypeError("the node has no latest block")
        self._head = _Head(int(block["number"], 16), int(block["timestamp"], 16))
