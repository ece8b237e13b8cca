"""A client of Filecoin Onchain Cloud: PieceCIDs, storage providers, signed commits.

It knows nothing of streams, workflows or tables and could stand as a package of its own.
What needs the Ethereum libraries is imported when it is first used, because they take most of a
second, and a command that only names a piece should not wait for them.
"""

from importlib import import_module
from typing import TYPE_CHECKING

from vibesflow.filecoin.commit_request import (
    MAX_COMMIT_PIECES,
    CommitRequest,
    Committed,
    Landed,
    PieceToAdd,
    PullState,
    Submitted,
)
from vibesflow.filecoin.piece_cid import MAX_PIECE_BYTES, MIN_PIECE_BYTES, PieceCid
from vibesflow.filecoin.piece_hasher import PieceHasher, piece_cid_of
from vibesflow.filecoin.recursion import keep_recursion_limit

if TYPE_CHECKING:
    from vibesflow.filecoin.client import FilecoinClient
    from vibesflow.filecoin.devnet_info import DevnetInfo, load_devnet
    from vibesflow.filecoin.keys import Signer
    from vibesflow.filecoin.networks import Network, network_of
    from vibesflow.filecoin.payments.funding import Funding, FundingPlan
    from vibesflow.filecoin.payments.opening import known_payer
    from vibesflow.filecoin.payments.preflight import Preflight
    from vibesflow.filecoin.payments.quote import Quote
    from vibesflow.filecoin.payments.wallet import WalletStatus
    from vibesflow.filecoin.payments.wishes import StorageWish
    from vibesflow.filecoin.registry import ProviderInfo

__all__ = [
    "MAX_COMMIT_PIECES",
    "MAX_PIECE_BYTES",
    "MIN_PIECE_BYTES",
    "CommitRequest",
    "Committed",
    "DevnetInfo",
    "FilecoinClient",
    "Funding",
    "FundingPlan",
    "Landed",
    "Network",
    "PieceCid",
    "PieceHasher",
    "PieceToAdd",
    "Preflight",
    "ProviderInfo",
    "PullState",
    "Quote",
    "Signer",
    "StorageWish",
    "Submitted",
    "WalletStatus",
    "known_payer",
    "load_devnet",
    "network_of",
    "piece_cid_of",
]

keep_recursion_limit()

_LATER = {
    "DevnetInfo": "devnet_info",
    "FilecoinClient": "client",
    "Funding": "payments.funding",
    "FundingPlan": "payments.funding",
    "Network": "networks",
    "Preflight": "payments.preflight",
    "ProviderInfo": "registry",
    "Quote": "payments.quote",
    "Signer": "keys",
    "StorageWish": "payments.wishes",
    "WalletStatus": "payments.wallet",
    "known_payer": "payments.opening",
    "load_devnet": "devnet_info",
    "network_of": "networks",
}


# a type checker that saw this function would take every name for granted
if not TYPE_CHECKING:  # pragma: no branch

    def __getattr__(name: str) -> object:
        if name not in _LATER:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        return getattr(import_module(f"{__name__}.{_LATER[name]}"), name)
