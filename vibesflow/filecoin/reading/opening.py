"""A reader as the settings say."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from vibesflow.filecoin.chain import Chain
from vibesflow.filecoin.networks import Network, network_of
from vibesflow.filecoin.reading.holders import Holder, read_holders
from vibesflow.filecoin.reading.reader import PieceReader
from vibesflow.filecoin.rpc import Rpc
from vibesflow.settings import FilecoinSettings, ReadSettings


@asynccontextmanager
async def open_reader(
    filecoin: FilecoinSettings, read: ReadSettings, *, payer: str | None
) -> AsyncIterator[PieceReader]:
    """Open a reader; the chain is asked for providers when the first piece is.

    Args:
        filecoin: network and endpoints.
        read: delays, limits and the cache's folder.
        payer: whose data sets are asked first, and whose pieces the CDN serves.

    Raises:
        SettingsInvalid: the devnet's export is missing or malformed.
    """
    network = network_of(filecoin)
    rpc = Rpc(network.rpc_urls, network.chain_id)
    chain = Chain(rpc, network)

    async def load() -> tuple[Holder, ...]:
        return await read_holders(chain, payer)

    try:
        async with PieceReader(
            read,
            load,
            cdn_url=cdn_url(network, payer) if read.cdn else None,
            ipfs_gateway=filecoin.ipfs_gateway,
        ) as reader:
            yield reader
    finally:
        await rpc.close()


def cdn_url(network: Network, payer: str | None) -> str | None:
    """Return the address that FilBeam serves a payer's pieces under, if the network has it."""
    if network.cdn_domain is None or payer is None:
        return None
    return f"https://{payer.lower()}.{network.cdn_domain}/"
