"""Reply to the check of everything that storing needs of Filecoin."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import datetime

from api.legacy.wallet import PandoraStatus, WalletStatus, pandora_reply, wallet_reply
from api.legacy.words import CamelReply
from vibesflow.errors import VibesflowError
from vibesflow.filecoin import FilecoinClient, ProviderInfo
from vibesflow.filecoin import WalletStatus as Wallet

PING_S = 5.0


class ProviderStatus(CamelReply):
    """A storage provider, and whether it answers."""

    id: int
    name: str
    url: str
    approved: bool
    reachable: bool
    error: str | None


class FilecoinTestReply(CamelReply):
    """Whether chunks can be stored and paid for now; the message says why not."""

    success: bool
    message: str
    timestamp: str
    network: str
    payer: str
    wallet_status: WalletStatus
    pandora_status: PandoraStatus
    providers: list[ProviderStatus]


async def filecoin_test_reply(
    client: FilecoinClient, wallet: Wallet, now: datetime
) -> FilecoinTestReply:
    """Ping the providers and put everything together; nothing is sent to the chain."""
    asked = await client.providers()
    providers = list(await asyncio.gather(*(_ping(client, provider) for provider in asked)))
    obstacles = _obstacles(wallet, providers)
    return FilecoinTestReply(
        success=not obstacles,
        message="; ".join(obstacles) or "Filecoin can be stored with and paid",
        timestamp=now.isoformat(timespec="milliseconds"),
        network=wallet.network,
        payer=wallet.payer,
        wallet_status=wallet_reply(wallet),
        pandora_status=pandora_reply(wallet.service, wallet),
        providers=providers,
    )


async def _ping(client: FilecoinClient, provider: ProviderInfo) -> ProviderStatus:
    fault: str | None = None
    try:
        async with asyncio.timeout(PING_S):
            await client.ping(provider)
    except VibesflowError as error:
        fault = error.message
    except TimeoutError:
        fault = f"no answer within {PING_S:g} s"
    return ProviderStatus(
        id=provider.provider_id,
        name=provider.name,
        url=provider.service_url,
        approved=provider.approved,
        reachable=fault is None,
        error=fault,
    )


def _obstacles(wallet: Wallet, providers: Sequence[ProviderStatus]) -> list[str]:
    obstacles = [] if wallet.next_piece.ok else [wallet.next_piece.reason]
    if not any(provider.approved and provider.reachable for provider in providers):
        obstacles.append("no approved provider answers")
    return obstacles
