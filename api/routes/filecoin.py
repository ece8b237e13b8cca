"""Filecoin as this process sees it. Nothing here ever sends a transaction."""

from __future__ import annotations

from fastapi import APIRouter

from api.legacy.filecoin_test import FilecoinTestReply, filecoin_test_reply
from api.problems import documented
from api.services import Wired
from vibesflow.errors import ChainDown, ChainFault

router = APIRouter(tags=["existing client"])


@router.get(
    "/filecoin/test",
    response_model=FilecoinTestReply,
    responses=documented(ChainDown, ChainFault),
)
async def filecoin_test(wired: Wired) -> FilecoinTestReply:
    """Check what storing needs: the chain, the payer's money and approval, the providers."""
    client, wallet = await wired.wallet.ask()
    return await filecoin_test_reply(client, wallet, wired.clock())
