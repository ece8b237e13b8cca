"""The chains, and the few addresses that have to be known beforehand.

Everything else is asked from the Filecoin Warm Storage Service (FWSS) contract, because some of
its satellites are replaced when it is upgraded.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from vibesflow.errors import SettingsInvalid
from vibesflow.filecoin.devnet_info import DevnetInfo, load_devnet
from vibesflow.settings import FilecoinSettings, NetworkName

DEVNET_CHAIN_ID = 31_415_926
_MULTICALL3 = "0xcA11bde05977b3631167028862bE2a173976CA11"


@dataclass(frozen=True, slots=True)
class Network:
    """One chain.

    Attributes:
        name: mainnet, calibration or devnet.
        chain_id: EIP-155 chain id, part of every signature.
        rpc_urls: JSON-RPC endpoints in order of preference.
        fwss: Filecoin Warm Storage Service proxy, the record keeper of our data sets.
        multicall3: contract that answers many reads in one call.
        endorsements: set of provider ids that are endorsed.
        cdn_domain: domain of FilBeam retrieval, where there is one.
        genesis_s: Unix time of epoch 0; one epoch is 30 s.
    """

    name: str
    chain_id: int
    rpc_urls: tuple[str, ...]
    fwss: str
    multicall3: str
    endorsements: str
    cdn_domain: str | None
    genesis_s: int


MAINNET = Network(
    name="mainnet",
    chain_id=314,
    rpc_urls=(
        "https://api.node.glif.io/rpc/v1",
        "https://rpc.ankr.com/filecoin",
        "https://filecoin.drpc.org",
    ),
    fwss="0x8408502033C418E1bbC97cE9ac48E5528F371A9f",
    multicall3=_MULTICALL3,
    endorsements="0x59eFa2e8324E1551d46010d7B0B140eE2F5c726b",
    cdn_domain="filbeam.io",
    genesis_s=1_598_306_400,
)

CALIBRATION = Network(
    name="calibration",
    chain_id=314_159,
    rpc_urls=(
        "https://api.calibration.node.glif.io/rpc/v1",
        "https://rpc.ankr.com/filecoin_testnet",
        "https://filecoin-calibration.drpc.org",
    ),
    fwss="0x02925630df557F957f70E112bA06e50965417CA0",
    multicall3=_MULTICALL3,
    endorsements="0xAA2f7CfC7ecAc616EC9C1f6d700fAd19087FAC84",
    cdn_domain="calibration.filbeam.io",
    genesis_s=1_667_326_380,
)


def devnet(info: DevnetInfo) -> Network:
    """Return the network that a devnet's export describes."""
    contracts = info.info.contracts
    return Network(
        name="devnet",
        chain_id=DEVNET_CHAIN_ID,
        rpc_urls=(info.info.lotus.host_rpc_url,),
        fwss=contracts.fwss_service_proxy_addr,
        multicall3=contracts.multicall3_addr,
        endorsements=contracts.endorsements_addr,
        cdn_domain=None,
        genesis_s=0,
    )


def network_of(settings: FilecoinSettings) -> Network:
    """Return the network that the settings name, on their RPC endpoints if they give any.

    Raises:
        SettingsInvalid: the devnet's export is not named, missing or malformed.
    """
    network = _named(settings)
    return replace(network, rpc_urls=settings.rpc_urls) if settings.rpc_urls else network


def _named(settings: FilecoinSettings) -> Network:
    if settings.network is NetworkName.MAINNET:
        return MAINNET
    if settings.network is NetworkName.CALIBRATION:
        return CALIBRATION
    if settings.devnet_info is None:
        raise SettingsInvalid("VIBESFLOW_DEVNET_INFO: needed when VIBESFLOW_NETWORK is devnet")
    return devnet(load_devnet(settings.devnet_info))
