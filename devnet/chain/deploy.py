"""Making a fresh node an Onchain Cloud network, or finding that it is one already."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from devnet.chain import accounts
from devnet.chain.contracts import deploy_contracts
from devnet.chain.export import export, write_export
from devnet.chain.funding import USDFC, endow, fund
from devnet.chain.providers import ProviderSpec, enlist
from devnet.chain.transactions import Chain
from vibesflow.filecoin.devnet_info import DevnetInfo, load_devnet

DEPOSIT = 10_000 * USDFC


def deploy(
    rpc_url: str,
    providers: Sequence[ProviderSpec],
    out: Path,
    *,
    users: Sequence[accounts.DevAccount] | None = None,
    deposit: int = DEPOSIT,
    empty_wallet: bool = False,
) -> DevnetInfo:
    """Deploy the contracts, register providers, fund payers, write the export.

    Whatever is there already is kept, so it may be repeated after every start of the node; a
    provider with a new address is brought up to date. It blocks; call it on a thread.

    Args:
        rpc_url: the node's address.
        providers: who shall store, in the order of their ids.
        out: where the export is written; it holds the users' keys.
        users: payers; the default is `accounts.payer` alone.
        deposit: smallest units of USDFC each payer shall have available in Filecoin Pay; with 0
            the account is approved and empty.
        empty_wallet: the payers get as much USDFC in their wallets instead, and deposit and
            approve nothing; what an earlier deployment deposited stays.

    Raises:
        ChainDown: the node does not answer.
        ChainFault: the chain was set up with other contracts, or refuses ours.
    """
    payers = [accounts.payer()] if users is None else list(users)
    chain = Chain(rpc_url)
    with chain.instant_blocks():
        places = deploy_contracts(chain)
        enlisted = [(enlist(chain, places, spec), spec) for spec in providers]
        for user in payers:
            if empty_wallet:
                endow(chain, places, user.address, deposit)
            else:
                fund(chain, places, user.private_key, deposit)
    write_export(out, export(rpc_url, places, payers, enlisted))
    return load_devnet(out)
