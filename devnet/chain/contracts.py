"""Putting the contracts on the chain: always in the same order, so always at the same addresses."""

from __future__ import annotations

from dataclasses import dataclass

from web3.types import Nonce
from web3.utils.address import get_create_address

from devnet.chain import rpc
from devnet.chain.accounts import deployer
from devnet.chain.artifacts import fingerprint
from devnet.chain.transactions import Chain, checksum
from vibesflow.errors import ChainFault

MULTICALL3 = "0xcA11bde05977b3631167028862bE2a173976CA11"
"""Where Multicall3 is on every chain."""
FILBEAM_BENEFICIARY = "0x1D60d2F5960Af6341e842C539985FA297E10d6eA"
_MARK = "0x00000000000000000000000000000000C0117AC7"
"""An address that holds the contracts' fingerprint as its code, which nobody runs."""

MAX_PROVING_PERIOD_EPOCHS = 120
CHALLENGE_WINDOW_EPOCHS = 10

_ORDER = (
    "MockUSDFC",
    "FilecoinPayV1",
    "SessionKeyRegistry",
    "ServiceProviderRegistry",
    "PDPVerifier",
    "ProviderIdSet",
    "FilecoinWarmStorageService",
    "FilecoinWarmStorageServiceStateView",
)
"""The deployer's first transactions, by its nonce."""


@dataclass(frozen=True)
class Addresses:
    """Where the contracts are, EIP-55 checksummed."""

    multicall3: str
    usdfc: str
    pay: str
    session_keys: str
    registry: str
    pdp_verifier: str
    endorsements: str
    fwss: str
    state_view: str


def addresses() -> Addresses:
    """Return where the contracts are, or will be."""
    owner = checksum(deployer().address)
    created = [str(get_create_address(owner, Nonce(nonce))) for nonce in range(len(_ORDER))]
    return Addresses(MULTICALL3, *created)


def deploy_contracts(chain: Chain) -> Addresses:
    """Deploy what is not there yet; return where everything is.

    Raises:
        ChainFault: the chain has other contracts at these addresses.
        ChainDown: the node does not answer.
    """
    places = addresses()
    arguments = _constructor_arguments(places)
    _claim(chain)
    done = chain.web3.eth.get_transaction_count(checksum(deployer().address))
    for name in _ORDER[done:]:
        chain.deploy(deployer().local, name, *arguments.get(name, ()))
    _place_multicall3(chain)
    fwss = chain.contract("FilecoinWarmStorageService", places.fwss)
    if chain.read(fwss.functions.viewContractAddress()) != places.state_view:
        chain.send(deployer().local, fwss.functions.setViewContract(places.state_view))
    return places


def _constructor_arguments(places: Addresses) -> dict[str, tuple[object, ...]]:
    neighbours = (
        places.pdp_verifier,
        places.pay,
        places.usdfc,
        FILBEAM_BENEFICIARY,
        places.registry,
        places.session_keys,
    )
    return {
        "FilecoinWarmStorageService": (
            neighbours,
            MAX_PROVING_PERIOD_EPOCHS,
            CHALLENGE_WINDOW_EPOCHS,
        ),
        "FilecoinWarmStorageServiceStateView": (places.fwss,),
    }


def _claim(chain: Chain) -> None:
    """Leave our contracts' fingerprint on a fresh chain; refuse a chain with another one."""
    mine = fingerprint()
    found = chain.web3.eth.get_code(checksum(_MARK)).hex()
    if not found and chain.web3.eth.get_transaction_count(checksum(deployer().address)) == 0:
        rpc.call(chain.rpc_url, "anvil_setCode", _MARK, f"0x{mine}")
    elif found != mine:
        raise ChainFault("this chain was set up with other contracts; remove its data folder")


def _place_multicall3(chain: Chain) -> None:
    """Put it where it is on every chain, from which no key of ours could deploy it."""
    if chain.web3.eth.get_code(checksum(MULTICALL3)):
        return
    built = chain.deploy(deployer().local, "Multicall3")
    code = chain.web3.eth.get_code(checksum(built)).to_0x_hex()
    rpc.call(chain.rpc_url, "anvil_setCode", MULTICALL3, code)
