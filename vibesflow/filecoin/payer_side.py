"""What a client can do that has a key: everything that is signed."""

from __future__ import annotations

from dataclasses import dataclass

from vibesflow.filecoin.authorizing import Authorizer, FindProvider
from vibesflow.filecoin.chain import Chain
from vibesflow.filecoin.commits import Commits
from vibesflow.filecoin.keys import Signer
from vibesflow.filecoin.permits import Permits
from vibesflow.filecoin.pulling import Pulls
from vibesflow.filecoin.removals import Removals
from vibesflow.filecoin.rpc import Rpc
from vibesflow.filecoin.scopes import Scopes
from vibesflow.filecoin.session_guard import SessionGuard
from vibesflow.filecoin.session_keys import SessionKeys
from vibesflow.filecoin.terminations import Terminations
from vibesflow.filecoin.transactions import Transactions


@dataclass(frozen=True, slots=True)
class PayerSide:
    """The parts that sign, over one chain.

    Attributes:
        scopes: data sets by metadata.
        commits: puts pieces on chain.
        pulls: copies pieces between providers.
        removals: removes pieces.
        terminations: ends data sets.
        guard: watches a session key's authorization.
    """

    scopes: Scopes
    commits: Commits
    pulls: Pulls
    removals: Removals
    terminations: Terminations
    guard: SessionGuard


def payer_side(
    rpc: Rpc,
    chain: Chain,
    signer: Signer,
    source: str,
    find_provider: FindProvider,
    transactions: Transactions | None,
) -> PayerSide:
    """Put the parts together.

    Args:
        rpc: endpoints of the chain.
        chain: reads the contracts.
        signer: the key, and whom it signs for.
        source: `source` of our data sets.
        find_provider: from an id to the provider and its client.
        transactions: sends as the wallet; None without its own key.
    """
    guard = SessionGuard(signer, SessionKeys(rpc, chain, signer.payer, transactions))
    scopes = Scopes(chain, signer, source)
    permits = Permits(signer, chain.network, ())
    authorizer = Authorizer(chain, signer.payer, scopes, guard, find_provider)
    return PayerSide(
        scopes,
        Commits(chain, authorizer),
        Pulls(authorizer, chain.network.fwss),
        Removals(chain, permits, guard, find_provider),
        Terminations(chain, permits, guard, find_provider, transactions),
        guard,
    )


def own_transactions(rpc: Rpc, chain: Chain, signer: Signer | None) -> Transactions | None:
    """Return what sends as the wallet; None if its own key is not here.

    All parts of a client share one, so that no two of them take the same number.
    """
    if signer is None or signer.delegated:
        return None
    return Transactions(rpc, signer, chain.network.chain_id)
