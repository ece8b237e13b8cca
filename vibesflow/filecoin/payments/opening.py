"""Puts a payer's payments together as the settings say."""

from __future__ import annotations

from eth_utils.address import to_checksum_address

from vibesflow.filecoin.chain import Chain
from vibesflow.filecoin.data_sets import DataSets
from vibesflow.filecoin.devnet_info import load_devnet
from vibesflow.filecoin.metadata import Metadata
from vibesflow.filecoin.payments.copies import Copies
from vibesflow.filecoin.payments.reader import PurseReader
from vibesflow.filecoin.payments.service import Payments
from vibesflow.filecoin.payments.units import in_atto
from vibesflow.filecoin.reads import Reads
from vibesflow.filecoin.rpc import Rpc
from vibesflow.filecoin.scopes import metadata_of
from vibesflow.filecoin.transactions import Transactions
from vibesflow.settings import FilecoinSettings, NetworkName


def known_payer(settings: FilecoinSettings) -> str | None:
    """Return the payer's address as far as it can be known without its key.

    Raises:
        SettingsInvalid: the devnet's export is missing or malformed.
    """
    if settings.payer is not None:
        return to_checksum_address(settings.payer)
    if settings.network is not NetworkName.DEVNET or settings.devnet_info is None:
        return None
    users = load_devnet(settings.devnet_info).info.users
    return users[0].evm_addr if users else None


def open_payments(
    settings: FilecoinSettings,
    rpc: Rpc,
    chain: Chain,
    payer: str,
    transactions: Transactions | None,
) -> Payments:
    """Return the payments of an account.

    Args:
        settings: ceiling, and the `source` of our data sets.
        rpc: endpoints of the chain.
        chain: reads data sets.
        payer: the account.
        transactions: sends as the account; None for a process that cannot fund.
    """
    network = chain.network

    def data_sets_of(pairs: Metadata) -> DataSets:
        return DataSets(chain, payer, metadata_of(settings.source, pairs))

    return Payments(
        PurseReader(Reads(rpc, network.multicall3), network),
        payer,
        Copies(chain, data_sets_of),
        ceiling=in_atto(settings.fund_ceiling_usdfc),
        transactions=transactions,
    )
