"""Faults ordered from the command line, at real provider processes."""

import json
import re
from pathlib import Path

import httpx
import pytest

from devnet.chain import accounts
from devnet.chain.contracts import addresses
from devnet.chain.export import export, write_export
from devnet.chain.providers import numbered
from devnet.ports import free_port
from starter.cli import devnet_providers
from tests.devnet.provider.process import ProviderProcess
from tests.starter.terminal import CommandLine, words

NOWHERE = "http://127.0.0.1:9"


@pytest.fixture(scope="module")
def devnet_info(tmp_path_factory):
    return tmp_path_factory.mktemp("cli-devnet") / "devnet.json"


@pytest.fixture(scope="module")
def provider(devnet_info):
    """Provider 1, without a chain; provider 2 is in the export and does not run."""
    account = accounts.provider_account(1)
    folder = devnet_info.parent / "1"
    process = ProviderProcess(free_port(), account, folder, NOWHERE, devnet_info, ("--admin",))
    specs = [numbered(1, process.url), numbered(2, NOWHERE)]
    content = export(NOWHERE, addresses(), [accounts.payer()], list(enumerate(specs, start=1)))
    write_export(devnet_info, content)
    process.start()
    yield process
    assert process.stop() == 0


@pytest.fixture
def devnet(provider, devnet_info):
    """The command line with the settings of this devnet."""
    yield CommandLine({"VIBESFLOW_DEVNET_INFO": str(devnet_info)})
    httpx.delete(f"{provider.url}/admin/faults", trust_env=False)


@pytest.fixture
def ready_file(provider, devnet_info) -> Path:
    """The ready file of a world with this provider alone."""
    path = devnet_info.with_name("ready.json")
    names = ("api", "temporal", "namespace", "temporal_ui", "dynamodb", "rpc", "devnet_info")
    facts = dict.fromkeys((*names, "staging", "env_file", "data_dir"), "x")
    path.write_text(json.dumps({**facts, "providers": [provider.url], "pids": {}}))
    return path


def ping(provider: ProviderProcess) -> int:
    return httpx.get(f"{provider.url}/pdp/ping", trust_env=False).status_code


def test_a_fault_is_set_shown_and_healed(devnet, provider):
    (told,) = devnet.json("devnet", "fault", "1", "ping-refused", "--count", "5")
    assert (told["provider"], told["url"], told["error"]) == ("1", provider.url, None)
    assert ping(provider) == 503
    shown, silent = devnet.json("devnet", "show", exit_code=7)
    assert [(fault["name"], fault["struck"]) for fault in shown["faults"]] == [("ping-refused", 1)]
    assert (silent["provider"], silent["faults"]) == ("2", [])
    assert NOWHERE in silent["error"]
    (healed,) = devnet.json("devnet", "heal", "1")
    assert healed["faults"] == []
    assert ping(provider) == 200


def test_everything_that_an_order_may_say(devnet):
    order = ["busy", "--at", "receive", "--count", "3", "--seconds", "60", "--delay", "10"]
    (told,) = devnet.json("devnet", "fault", "1", *order)
    (fault,) = told["faults"]
    wanted = {"at": "receive", "count": 3, "seconds": 60, "delay_s": 10, "active": True}
    assert wanted.items() <= fault.items()
    told = words(devnet("devnet", "fault", "1", "hang", "--at", "confirm").stdout)
    assert re.search(r"busy receive 0 3 times, \d+ s", told)
    assert "hang confirm 0 until healed" in told


def test_a_fault_that_is_over_is_shown_as_over(devnet, provider):
    devnet("devnet", "fault", "1", "ping-refused", "--count", "1")
    assert ping(provider) == 503
    result = devnet("devnet", "show")
    assert "ping-refused 1 over" in words(result.stdout)
    assert "No fault is set at provider 1." in words(devnet("devnet", "heal", "1").stdout)


def test_a_provider_may_be_named_by_its_address(provider):
    (told,) = CommandLine({}).json("devnet", "heal", provider.url)
    assert told["url"] == provider.url


def test_providers_are_found_through_a_ready_file(provider, ready_file):
    named = ("--ready-file", str(ready_file))
    (told,) = CommandLine({}).json("devnet", "show", *named)
    assert (told["provider"], told["url"]) == ("1", provider.url)


def test_without_settings_the_usual_world_is_meant(provider, ready_file, monkeypatch):
    class Usual:
        def __init__(self, _root):
            self.ready_file = ready_file

    monkeypatch.setattr(devnet_providers, "DataDir", Usual)
    (told,) = CommandLine({}).json("devnet", "show")
    assert told["url"] == provider.url


def test_without_any_world_the_settings_are_asked_for(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    result = CommandLine({})("devnet", "show")
    assert result.exit_code == 3


@pytest.mark.parametrize("text", [None, "{}"])
def test_a_ready_file_that_is_none(tmp_path, text):
    path = tmp_path / "ready.json"
    if text is not None:
        path.write_text(text)
    result = CommandLine({})("devnet", "show", "--ready-file", str(path))
    assert result.exit_code == 3
    assert "ready" in result.stderr


@pytest.mark.parametrize(
    ("order", "complaint"),
    [
        (["3", "full"], "no provider 3, only 1, 2"),
        (["1", "plague"], "plague"),
        (["1", "error"], "needs a point"),
        (["1", "full", "--at", "ping"], "can be placed at"),
        (["1", "full", "--delay", "3"], "has no delay"),
        (["1", "full", "--seconds", "-3"], "--seconds"),
        (["1", "hang", "--at", "ping", "--delay", "0"], "--delay"),
        (["1", "restart", "--count", "2"], "strikes once"),
    ],
)
def test_an_order_that_makes_no_sense(devnet, order, complaint):
    result = devnet("devnet", "fault", *order)
    assert result.exit_code == 2
    assert complaint in words(result.stderr)


def test_a_provider_without_the_flag_takes_no_faults(provider, devnet_info):
    account = accounts.provider_account(2)
    folder = devnet_info.parent / "2"
    plain = ProviderProcess(free_port(), account, folder, NOWHERE, devnet_info)
    plain.start()
    result = CommandLine({})("devnet", "fault", plain.url, "full")
    assert plain.stop() == 0
    assert result.exit_code == 8
    assert "faults_not_taken" in result.stderr
    assert "--admin" in result.stderr


def test_something_else_at_the_address_is_noticed(tmp_path):
    result = CommandLine({})("devnet", "heal", "http://")
    assert result.exit_code == 7
