"""``vibesflow wallet``: what the payer has."""

from __future__ import annotations

from starter.cli.command import command
from starter.cli.money import wallet_document, wallet_view
from starter.cli.output import Output
from starter.cli.paying import open_wallet
from vibesflow.settings import load_settings


@command
async def wallet(out: Output) -> None:
    """Show the payer's money: FIL, USDFC, the account in Filecoin Pay, the service's approval.

    It only reads. The payer is the key's account, or VIBESFLOW_PAYER where there is no key.

    [bold]Examples[/bold]

    vibesflow wallet

    vibesflow wallet --json | jq -r .available
    """
    async with open_wallet(load_settings().filecoin) as client:
        status = await client.wallet()
    out.result(wallet_document(status), wallet_view(status))
