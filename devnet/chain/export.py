"""The devnet's JSON export, version 2, in the shape of the public devnet's."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from pathlib import Path

from devnet.chain.accounts import DevAccount
from devnet.chain.contracts import Addresses
from devnet.chain.providers import ProviderSpec

_VERSION = 2


def export(
    rpc_url: str,
    places: Addresses,
    users: Sequence[DevAccount],
    providers: Sequence[tuple[int, ProviderSpec]],
) -> dict[str, object]:
    """Return the export; there are no proxies, so each implementation is its own."""
    return {
        "version": _VERSION,
        "info": {
            "users": [_user(user) for user in users],
            "contracts": _contracts(places),
            "lotus": {"host_rpc_url": rpc_url, "container_id": "", "container_name": "anvil"},
            "pdp_sps": [_provider(number, spec) for number, spec in providers],
        },
    }


def write_export(path: Path, content: dict[str, object]) -> None:
    """Write the export whole or not at all; it holds keys, so only the owner may read it."""
    partial = path.with_name(f"{path.name}.partial")
    partial.unlink(missing_ok=True)
    with os.fdopen(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        json.dump(content, file, indent=2)
        file.write("\n")
    partial.replace(path)


def _user(user: DevAccount) -> dict[str, str]:
    return {
        "name": user.name,
        "evm_addr": user.address,
        "native_addr": "",
        "private_key_hex": user.private_key,
    }


def _contracts(places: Addresses) -> dict[str, str]:
    return {
        "multicall3_addr": places.multicall3,
        "mockusdfc_addr": places.usdfc,
        "fwss_service_proxy_addr": places.fwss,
        "fwss_state_view_addr": places.state_view,
        "fwss_impl_addr": places.fwss,
        "pdp_verifier_proxy_addr": places.pdp_verifier,
        "pdp_verifier_impl_addr": places.pdp_verifier,
        "service_provider_registry_proxy_addr": places.registry,
        "service_provider_registry_impl_addr": places.registry,
        "filecoin_pay_v1_addr": places.pay,
        "endorsements_addr": places.endorsements,
        "session_key_registry_addr": places.session_keys,
    }


def _provider(provider_id: int, spec: ProviderSpec) -> dict[str, object]:
    return {
        "provider_id": provider_id,
        "eth_addr": spec.account.address,
        "native_addr": "",
        "pdp_service_url": spec.service_url,
        "is_approved": spec.approved,
        "is_endorsed": spec.endorsed,
    }
