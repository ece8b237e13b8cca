"""How the money commands reach the payer's account."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from vibesflow.filecoin import FilecoinClient, Signer
from vibesflow.filecoin.key_sources import wallet_key_of
from vibesflow.settings import FilecoinSettings


@asynccontextmanager
async def open_wallet(
    settings: FilecoinSettings, *, needs_key: bool = False
) -> AsyncIterator[FilecoinClient]:
    """Connect to the chain as the payer, or, without its key, as somebody who looks on.

    Raises:
        SettingsInvalid: the key is needed and there is none, or it cannot be read.
        ChainDown: no RPC endpoint answers.
    """
    has_key = needs_key or wallet_key_of(settings) is not None
    signer = Signer.load_wallet(settings) if has_key else None
    async with await FilecoinClient.open(settings, signer) as client:
        yield client
