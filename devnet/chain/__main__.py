"""The devnet's chain as a process: runs until SIGTERM or SIGINT and forgets nothing."""

from __future__ import annotations

import argparse
import asyncio
import logging
import signal
import sys
from contextlib import suppress
from pathlib import Path

import uvicorn

from devnet.chain.front import Front
from devnet.chain.keeper import CHANGES_A_SNAPSHOT, ChainKeeper
from devnet.chain.node import ChainNode
from devnet.chain.upstream import Upstream
from devnet.ports import LOOPBACK
from vibesflow.errors import ChainDown

_WATCH_PAUSE_S = 0.1
_GRACE_S = 2
_IDLE_S = 3_600
"""The node closes no connection either, so none is closed under a request."""

_log = logging.getLogger("devnet.chain")


def main() -> int:
    """Run the chain; return the node's exit code, or 0 when asked to stop."""
    options = _options()
    node = ChainNode(log=options.log, state=options.state, mines=False)
    logging.basicConfig(level=logging.WARNING, format="%(name)s: %(message)s")
    with node:
        return asyncio.run(_serve(node, options))


async def _serve(node: ChainNode, options: argparse.Namespace) -> int:
    async with Upstream(node.rpc_url) as upstream:
        keeper = ChainKeeper(
            upstream,
            options.state,
            block_time_s=options.block_time,
            changes_a_snapshot=options.snapshot_after,
        )
        if remade := await keeper.recover():
            _log.warning("made %d changes again that the last snapshot lacked", remade)
        server = _server(Front(keeper, upstream), options.port)
        miner = asyncio.create_task(keeper.mine_at_intervals())
        watcher = asyncio.create_task(_end_with(node, miner, server))
        _let_the_server_end()
        try:
            await server.serve()
        finally:
            for task in (watcher, miner):
                task.cancel()
            await asyncio.gather(watcher, miner, return_exceptions=True)
            with suppress(ChainDown):
                await keeper.save()
            keeper.close()
    return node.exit_code or int(watcher.done() and not watcher.cancelled())


async def _end_with(node: ChainNode, miner: asyncio.Task[None], server: uvicorn.Server) -> None:
    """End the server when the node or the miner is gone: the next start makes both whole."""
    while node.exit_code is None and not miner.done():
        await asyncio.wait((miner,), timeout=_WATCH_PAUSE_S)
    server.should_exit = server.force_exit = True


def _server(app: Front, port: int) -> uvicorn.Server:
    config = uvicorn.Config(
        app,
        host=LOOPBACK,
        port=port,
        lifespan="off",
        log_config=None,
        access_log=False,
        timeout_keep_alive=_IDLE_S,
        timeout_graceful_shutdown=_GRACE_S,
    )
    return uvicorn.Server(config)


def _let_the_server_end() -> None:
    """It stops at a signal and raises that again, when there is still a snapshot to take."""
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda _number, _frame: None)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m devnet.chain", description=__doc__)
    add = parser.add_argument
    add("--port", type=int, required=True, help="port on the loopback interface")
    add("--state", type=Path, required=True, help="file that holds the chain")
    add("--log", type=Path, default=Path("/dev/stderr"), help="the node's output")
    add("--block-time", type=float, help="seconds between blocks; default: at once")
    add(
        "--snapshot-after",
        type=int,
        default=CHANGES_A_SNAPSHOT,
        metavar="N",
        help="changes that are journalled before a snapshot takes their place",
    )
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
