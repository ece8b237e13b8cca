"""What the contracts tell us, typed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Addresses:
    """Contracts that FWSS names; they may be replaced when it is upgraded.

    Attributes:
        state_view: read side of FWSS.
        pdp_verifier: keeps data sets and pieces.
        registry: keeps providers.
        session_keys: keeps who may sign for whom.
    """

    state_view: str
    pdp_verifier: str
    registry: str
    session_keys: str


@dataclass(frozen=True, slots=True)
class RegisteredProvider:
    """A provider with an active PDP product, as the registry has it.

    Attributes:
        provider_id: number in the registry, from 1.
        address: account that sends transactions.
        payee: account that is paid, and for which data sets are signed.
        name: chosen by the provider.
        capabilities: raw values by capability key.
    """

    provider_id: int
    address: str
    payee: str
    name: str
    capabilities: Mapping[str, bytes]


@dataclass(frozen=True, slots=True)
class DataSetView:
    """A data set as FWSS has it.

    Attributes:
        data_set_id: number on chain, from 1; 0 if there is no such set.
        client_data_set_id: our own number of it, signed into every addition.
        provider_id: who stores it.
        end_epoch: when its service ends; 0 while it goes on.
    """

    data_set_id: int
    client_data_set_id: int
    provider_id: int
    end_epoch: int


@dataclass(frozen=True, slots=True)
class DataSetDetails:
    """What decides whether a data set can be used again.

    Attributes:
        live: it exists in PDPVerifier.
        listener: its record keeper.
        metadata: all pairs.
        leaf_count: 0 while it is empty.
    """

    live: bool
    listener: str
    metadata: Mapping[str, str]
    leaf_count: int


@dataclass(frozen=True, slots=True)
class NonceUse:
    """Where a nonce went.

    Attributes:
        data_set_id: the set that was created or added to with it.
        next_piece_id: the id after the last piece added with it; 0 for a creation.
    """

    data_set_id: int
    next_piece_id: int


@dataclass(frozen=True, slots=True)
class DataSetHealth:
    """How a data set stands at one block.

    Attributes:
        live: PDPVerifier keeps it.
        end_epoch: when its service ends; 0 while nobody has terminated it.
        overdue_epochs: how long ago a proof was due that has not come; 0 if none is, or if
            proving has not begun.
    """

    live: bool
    end_epoch: int
    overdue_epochs: int
