"""The JSON that a local Filecoin Onchain Cloud network exports about itself."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from eth_utils.address import is_hex_address, to_checksum_address
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, SecretStr, ValidationError

from vibesflow.errors import SettingsInvalid


def _checksummed(value: object) -> object:
    if isinstance(value, str) and is_hex_address(value):
        return to_checksum_address(value)
    raise ValueError("not an address of 20 bytes in hex")


Address = Annotated[str, BeforeValidator(_checksummed)]
"""An EVM address, normalised to its EIP-55 checksum form."""


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True)


class DevnetUser(_Part):
    """A funded account of the devnet."""

    name: str
    evm_addr: Address
    private_key_hex: SecretStr


class DevnetContracts(_Part):
    """Where the contracts were deployed."""

    multicall3_addr: Address
    mockusdfc_addr: Address
    fwss_service_proxy_addr: Address
    fwss_state_view_addr: Address
    pdp_verifier_proxy_addr: Address
    service_provider_registry_proxy_addr: Address
    filecoin_pay_v1_addr: Address
    endorsements_addr: Address
    session_key_registry_addr: Address


class DevnetNode(_Part):
    """The node that answers JSON-RPC."""

    host_rpc_url: str


class DevnetProvider(_Part):
    """A storage provider of the devnet."""

    provider_id: int
    eth_addr: Address
    pdp_service_url: str
    is_approved: bool
    is_endorsed: bool


class DevnetWorld(_Part):
    """Everything there is in the devnet."""

    users: tuple[DevnetUser, ...] = ()
    contracts: DevnetContracts
    lotus: DevnetNode
    pdp_sps: tuple[DevnetProvider, ...] = ()


class DevnetInfo(_Part):
    """A devnet's export, version 1 or 2; fields we have no use for are left out."""

    version: Literal[1, 2] = Field(description="version of the export's shape")
    info: DevnetWorld


def load_devnet(path: Path) -> DevnetInfo:
    """Read a devnet's export.

    Raises:
        SettingsInvalid: the file cannot be read, or is not such an export. Values, among them
            private keys, are not shown.
    """
    try:
        return DevnetInfo.model_validate_json(path.read_bytes())
    except OSError as error:
        raise SettingsInvalid(f"VIBESFLOW_DEVNET_INFO: {error.strerror}: {path}") from error
    except ValidationError as error:
        faults = "; ".join(f"{_where(fault['loc'])}: {fault['msg']}" for fault in error.errors())
        raise SettingsInvalid(f"VIBESFLOW_DEVNET_INFO: not a devnet's export: {faults}") from None


def _where(location: tuple[int | str, ...]) -> str:
    return ".".join(str(part) for part in location) or "file"
