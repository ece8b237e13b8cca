"""Session keys from the command line, on a real chain."""

import stat
import time

import pytest

from devnet.chain import accounts
from devnet.chain.deploy import deploy
from devnet.chain.node import ChainNode
from starter.cli.exits import ExitCode
from tests.starter.terminal import CommandLine, words
from vibesflow.filecoin import Signer

PAYER = accounts.payer()
OTHER = "0x5CbDd86a2FA8Dc4bDdd8a8f69dBa48572EeC07FB"


@pytest.fixture(scope="module")
def export(tmp_path_factory):
    """A chain with the contracts, described by its export."""
    folder = tmp_path_factory.mktemp("session-key-chain")
    with ChainNode(log=folder / "anvil.log") as node:
        deploy(node.rpc_url, [], folder / "devnet.json")
        yield folder / "devnet.json"


@pytest.fixture
def vibesflow(export):
    """The command line with the wallet's own key."""
    return CommandLine(
        {"VIBESFLOW_DEVNET_INFO": str(export), "VIBESFLOW_PRIVATE_KEY": PAYER.private_key}
    )


def without_key(vibesflow, **more):
    kept = {"VIBESFLOW_DEVNET_INFO": vibesflow.environment["VIBESFLOW_DEVNET_INFO"]}
    return CommandLine(kept | more)


def test_create_list_revoke(vibesflow, tmp_path):
    file = tmp_path / "session.key"
    made = vibesflow.json("session-key", "create", "--out", str(file), "--hours", "2")
    key = Signer(bytes.fromhex(file.read_text().strip().removeprefix("0x")))
    assert made["address"] == key.address
    assert made["payer"] == PAYER.address
    assert made["permissions"] == ["create-data-set", "add-pieces"]
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert file.read_text().strip()[2:] not in str(made)

    (found,) = [
        one for one in vibesflow.json("session-key", "list") if one["address"] == key.address
    ]
    assert found["active"]
    assert found["permissions"]["add-pieces"] == made["expires_at"]
    assert found["permissions"]["terminate-service"] is None

    gone = vibesflow.json("session-key", "revoke", key.address.lower())
    assert gone["address"] == key.address
    (found,) = [
        one for one in vibesflow.json("session-key", "list") if one["address"] == key.address
    ]
    assert not found["active"]
    assert set(found["permissions"].values()) == {None}


def test_words_for_people(vibesflow, tmp_path):
    file = tmp_path / "session.key"
    text = vibesflow("session-key", "create", "--out", str(file)).stdout
    assert f"VIBESFLOW_SESSION_KEY_FILE={file}" in text
    assert f"VIBESFLOW_PAYER={PAYER.address}" in text
    assert file.read_text().strip()[2:] not in text
    address = text.split()[2]
    assert address in vibesflow("session-key", "list").stdout
    assert f"{address} may sign no more" in vibesflow("session-key", "revoke", address).stdout
    assert (
        f"signs for {PAYER.address}" in vibesflow("session-key", "create", "--for", address).stdout
    )


def test_a_key_is_authorized_for_longer(vibesflow):
    def ends():
        keys = vibesflow.json("session-key", "list", "--days", "2")
        return {one["address"]: one["permissions"]["terminate-service"] for one in keys}

    first = vibesflow.json("session-key", "create", "--for", OTHER, "--permissions", "all")
    assert first["file"] is None
    assert ends()[OTHER] == first["expires_at"]
    options = ("--permissions", "terminate-service,add-pieces", "--hours", "48")
    longer = vibesflow.json("session-key", "create", "--for", OTHER, *options)
    assert longer["permissions"] == ["terminate-service", "add-pieces"]
    assert ends()[OTHER] == longer["expires_at"] > first["expires_at"]


def test_a_worker_sees_its_own_key_and_cannot_change_it(vibesflow, tmp_path):
    file = tmp_path / "session.key"
    made = vibesflow.json("session-key", "create", "--out", str(file))
    worker = without_key(
        vibesflow, VIBESFLOW_SESSION_KEY_FILE=str(file), VIBESFLOW_PAYER=PAYER.address
    )
    (own,) = [one for one in worker.json("session-key", "list") if one["configured"]]
    assert own["address"] == made["address"]
    assert "configured here" in words(worker("session-key", "list").stdout)
    refused = worker("session-key", "revoke", own["address"])
    assert refused.exit_code == ExitCode.SETTINGS
    assert "VIBESFLOW_PRIVATE_KEY" in refused.stderr


def test_anybody_may_list(vibesflow):
    nobody = without_key(vibesflow, VIBESFLOW_PAYER=OTHER)
    assert nobody.json("session-key", "list") == []
    assert "No session key" in nobody("session-key", "list").stdout
    lost = CommandLine({"VIBESFLOW_NETWORK": "calibration"})("session-key", "list")
    assert lost.exit_code == ExitCode.SETTINGS
    assert "VIBESFLOW_PAYER" in lost.stderr


def test_a_key_file_is_never_written_over(vibesflow, tmp_path):
    file = tmp_path / "session.key"
    file.write_text("precious")
    refused = vibesflow("session-key", "create", "--out", str(file))
    assert refused.exit_code == ExitCode.CONFLICT
    assert file.read_text() == "precious"
    lost = vibesflow("session-key", "create", "--out", str(tmp_path / "no" / "folder" / "key"))
    assert lost.exit_code == ExitCode.INPUT


def test_a_key_that_was_not_authorized_leaves_no_file(vibesflow, tmp_path):
    poor = without_key(vibesflow, VIBESFLOW_PRIVATE_KEY="07" * 32)
    file = tmp_path / "session.key"
    refused = poor("session-key", "create", "--out", str(file))
    assert refused.exit_code == ExitCode.INCOMPLETE
    assert "insufficient_funds" in refused.stderr
    assert not file.exists()


@pytest.mark.parametrize(
    "arguments",
    [
        ["create"],
        ["create", "--out", "key", "--for", OTHER],
        ["create", "--for", "0x12"],
        ["create", "--for", OTHER, "--permissions", "everything"],
        ["create", "--for", OTHER, "--hours", "0"],
        ["revoke", "mine"],
        ["list", "--days", "0"],
    ],
)
def test_wrong_command_lines(vibesflow, arguments):
    refused = vibesflow("session-key", *arguments)
    assert refused.exit_code == ExitCode.USAGE
    assert refused.stdout == ""


def test_an_origin_that_is_too_long(vibesflow):
    refused = vibesflow("session-key", "create", "--for", OTHER, "--origin", "x" * 65)
    assert refused.exit_code == ExitCode.INPUT


def test_hours_count_from_now(vibesflow):
    made = vibesflow.json("session-key", "create", "--for", OTHER, "--hours", "0.5")
    day = time.strftime("%Y-%m-%dT", time.gmtime(time.time() + 1800))
    assert made["expires_at"].startswith(day)
