"""docker-compose.yml and Dockerfile, held against the code that they start."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from devnet.chain.anvil import anvil_arguments
from devnet.compose import EXPORT_NAME, PAYER_KEY_NAME, provider_key_name, set_up
from devnet.parts import PROVIDER_NUMBERS, provider_port
from devnet.ports import Ports
from vibesflow.filecoin.devnet_info import load_devnet
from vibesflow.settings import Settings, load_settings, variable

ROOT = Path(__file__).parents[2]
COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
DOCKERFILE = (ROOT / "Dockerfile").read_text()
OURS = ("setup", "worker", "api")
KNOWN = {variable(group, name) for group in Settings.groups for name in group.model_fields}


def flags(service: str) -> dict[str, str]:
    words = [word for word in SERVICES[service]["command"] if word.startswith("--")]
    return dict(word.partition("=")[::2] for word in words)


def test_everything_that_the_system_needs_is_there() -> None:
    assert set(SERVICES) >= {
        *("postgres", "temporal", "temporal-ui", "dynamodb", "objects", "chain", "chain-setup"),
        *(f"provider-{number}" for number in PROVIDER_NUMBERS),
        *("setup", "worker", "api"),
    }


@pytest.mark.parametrize("service", SERVICES)
def test_images_are_pinned_or_built_here(service: str) -> None:
    described = SERVICES[service]
    if "build" in described:
        assert f" AS {described['build']['target']}\n" in DOCKERFILE
    else:
        assert re.fullmatch(r"[\w./-]+:\d+\.\d+[\w.-]*", described["image"])


def test_the_dockerfile_is_pinned_and_does_not_run_as_root() -> None:
    bases = re.findall(r"^FROM (\S+)", DOCKERFILE, flags=re.MULTILINE)
    assert all(re.search(r":\d+\.\d+\.\d+", base) for base in bases if base != "app")
    for stage in re.split(r"^FROM ", DOCKERFILE, flags=re.MULTILINE)[1:]:
        name = stage.splitlines()[0].rpartition(" ")[2]
        assert name in ("build", "app") or re.search(r"^USER (?!root)", stage, re.MULTILINE), name
    for source in re.findall(r"^COPY (?!--from)(.+) \S+$", DOCKERFILE, flags=re.MULTILINE):
        for name in source.split():
            assert (ROOT / name).exists(), name


@pytest.mark.parametrize("service", OURS)
def test_the_settings_of_our_processes_are_complete_and_right(
    service: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    environment = SERVICES[service]["environment"]
    ours = {name for name in environment if not name.startswith("AWS_")}
    assert ours <= KNOWN
    for name, value in environment.items():
        monkeypatch.setenv(name, str(value))
    settings = load_settings(needs_key=service == "worker")
    assert settings.temporal.address == "temporal:7233"
    assert settings.filecoin.devnet_info == Path("/devnet") / EXPORT_NAME


@pytest.mark.parametrize("service", SERVICES)
def test_hosts_and_dependencies_are_services(service: str) -> None:
    described = SERVICES[service]
    assert set(described.get("depends_on", {})) <= set(SERVICES)
    words = [*map(str, described.get("environment", {}).values()), *described.get("command", [])]
    for host in re.findall(r"https?://([a-z0-9-]+):", " ".join(words)):
        assert host in SERVICES or host == "localhost"


@pytest.mark.parametrize("service", sorted(set(SERVICES) - {"temporal-ui", "chain-setup", "setup"}))
def test_long_running_services_say_when_they_are_ready(service: str) -> None:
    assert SERVICES[service]["healthcheck"]["test"]


def test_ports_are_the_documented_ones_and_open_to_this_machine_only() -> None:
    published = {
        int(host_port)
        for described in SERVICES.values()
        for address, host_port in (port.split(":")[:2] for port in described.get("ports", []))
        if address == "127.0.0.1"
    }
    assert len(published) == sum(len(described.get("ports", [])) for described in SERVICES.values())
    ports = Ports()
    assert published == {
        *(ports.api, ports.temporal, ports.temporal_ui, ports.table, ports.chain),
        *(provider_port(ports, number) for number in PROVIDER_NUMBERS),
    }


def test_the_chain_is_the_devnets() -> None:
    words = iter(anvil_arguments(Ports().chain))
    expected = {}
    for word in words:
        if word in ("--no-request-size-limit", "--quiet"):
            expected[word] = ""
        elif word not in ("--host", "--prune-history"):
            expected[word] = next(words)
        else:
            next(words)
    given = flags("chain")
    assert {name: given.get(name) for name in expected} == expected


@pytest.mark.parametrize("number", PROVIDER_NUMBERS)
def test_providers_listen_where_the_chain_says(number: int) -> None:
    name = f"provider-{number}"
    given = flags(name)
    urls = [word for word in SERVICES["chain-setup"]["command"] if "--provider=" in word]
    assert urls[number - 1] == f"--provider=http://{name}:{given['--port']}"
    assert given["--key-file"] == f"/devnet/{provider_key_name(number)}"
    assert given["--devnet-info"] == f"/devnet/{EXPORT_NAME}"
    assert given["--rpc-url"] == flags("chain-setup")["--rpc-url"]


def test_the_worker_signs_with_the_key_that_the_set_up_leaves() -> None:
    key_file = SERVICES["worker"]["environment"]["VIBESFLOW_PRIVATE_KEY_FILE"]
    assert key_file == f"{flags('chain-setup')['--folder']}/{PAYER_KEY_NAME}"


def test_the_set_up_leaves_what_the_others_need(tmp_path: Path) -> None:
    from devnet.chain.node import ChainNode

    urls = ["http://provider-1:5801", "http://provider-2:5802"]
    with ChainNode(log=tmp_path / "node.log") as node:
        for _ in range(2):
            set_up(node.rpc_url, urls, tmp_path)
        info = load_devnet(tmp_path / EXPORT_NAME).info
    assert [provider.pdp_service_url for provider in info.pdp_sps] == urls
    for name in (PAYER_KEY_NAME, provider_key_name(1), provider_key_name(2)):
        assert re.fullmatch(r"0x[0-9a-f]{64}", (tmp_path / name).read_text())
        assert (tmp_path / name).stat().st_mode & 0o777 == 0o600
