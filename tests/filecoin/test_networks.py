from __future__ import annotations

import json
from pathlib import Path

import pytest
from eth_utils.address import is_checksum_address

from vibesflow.errors import SettingsInvalid
from vibesflow.filecoin import Network, load_devnet, network_of
from vibesflow.filecoin.networks import CALIBRATION, MAINNET
from vibesflow.settings import FilecoinSettings, NetworkName

SECRET = "0x" + "5e" * 32


def _export(version: int = 2) -> dict[str, object]:
    names = (
        "multicall3",
        "mockusdfc",
        "fwss_service_proxy",
        "fwss_state_view",
        "fwss_impl",
        "pdp_verifier_proxy",
        "pdp_verifier_impl",
        "service_provider_registry_proxy",
        "service_provider_registry_impl",
        "filecoin_pay_v1",
        "endorsements",
        "session_key_registry",
    )
    contracts = {f"{name}_addr": f"0x{number:040x}" for number, name in enumerate(names, 0xABCDEF)}
    user = {"name": "USER_1", "evm_addr": "0x" + "aa" * 20, "private_key_hex": SECRET}
    provider = {
        "provider_id": 1,
        "eth_addr": "0x" + "bb" * 20,
        "native_addr": "t410",
        "pdp_service_url": "http://127.0.0.1:5801",
        "is_approved": True,
        "is_endorsed": False,
    }
    lotus = {"host_rpc_url": "http://127.0.0.1:5700/rpc/v1"}
    info = {"users": [user], "contracts": contracts, "lotus": lotus, "pdp_sps": [provider]}
    return {"version": version, "info": info, "later": "fields are ignored"}


def _settings(
    name: NetworkName, info: Path | None = None, rpc_urls: tuple[str, ...] = ()
) -> FilecoinSettings:
    return FilecoinSettings.model_construct(network=name, devnet_info=info, rpc_urls=rpc_urls)


@pytest.mark.parametrize(
    ("name", "network", "chain_id"),
    [(NetworkName.MAINNET, MAINNET, 314), (NetworkName.CALIBRATION, CALIBRATION, 314_159)],
)
def test_public_networks(name: NetworkName, network: Network, chain_id: int) -> None:
    assert network_of(_settings(name)) == network
    assert network.chain_id == chain_id
    for address in (network.fwss, network.multicall3, network.endorsements):
        assert is_checksum_address(address)


def test_rpc_endpoints_of_the_settings_come_instead() -> None:
    network = network_of(_settings(NetworkName.MAINNET, rpc_urls=("http://mine",)))
    assert network.rpc_urls == ("http://mine",)


@pytest.mark.parametrize("version", [1, 2])
def test_a_devnet_describes_itself(tmp_path: Path, version: int) -> None:
    file = tmp_path / "devnet.json"
    file.write_text(json.dumps(_export(version)))
    network = network_of(_settings(NetworkName.DEVNET, file))
    assert network.chain_id == 31_415_926
    assert network.rpc_urls == ("http://127.0.0.1:5700/rpc/v1",)
    assert is_checksum_address(network.fwss)
    assert network.cdn_domain is None
    info = load_devnet(file)
    assert info.version == version
    assert info.info.users[0].private_key_hex.get_secret_value() == SECRET
    assert SECRET not in repr(info)
    assert info.info.pdp_sps[0].pdp_service_url == "http://127.0.0.1:5801"


def test_a_devnet_must_be_named() -> None:
    with pytest.raises(SettingsInvalid, match="VIBESFLOW_DEVNET_INFO"):
        network_of(_settings(NetworkName.DEVNET))


def test_a_missing_export_is_named(tmp_path: Path) -> None:
    with pytest.raises(SettingsInvalid, match="No such file"):
        load_devnet(tmp_path / "none.json")


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"version": 3}'])
def test_other_json_is_no_export(tmp_path: Path, content: str) -> None:
    file = tmp_path / "devnet.json"
    file.write_text(content)
    with pytest.raises(SettingsInvalid, match="not a devnet's export"):
        load_devnet(file)


def test_a_malformed_export_shows_no_key(tmp_path: Path) -> None:
    file = tmp_path / "devnet.json"
    text = json.dumps(_export()).replace("0x" + "aa" * 20, SECRET)
    file.write_text(text)
    with pytest.raises(SettingsInvalid, match=r"info\.users\.0\.evm_addr") as caught:
        load_devnet(file)
    assert SECRET not in str(caught.value)
    assert caught.value.__cause__ is None
