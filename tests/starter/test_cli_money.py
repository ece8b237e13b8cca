"""The money commands on a real chain, from an empty account to a funded one."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest
from eth_account import Account

from devnet.chain import rpc
from devnet.chain.accounts import DevAccount
from devnet.chain.deploy import deploy
from devnet.chain.node import ChainNode
from starter.cli import money
from starter.cli.exits import ExitCode
from starter.cli.storage_options import Audio
from tests.filecoin.payments.figures import PRICES, usdfc
from tests.starter.terminal import CommandLine, words
from vibesflow.filecoin.payments.prices import billed_bytes, leaves_of
from vibesflow.filecoin.payments.units import in_atto, in_coins


@pytest.fixture(scope="module")
def node(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ChainNode]:
    with ChainNode(log=tmp_path_factory.mktemp("money") / "node.log") as started:
        yield started


@pytest.fixture
def purse(node: ChainNode, tmp_path: Path) -> CommandLine:
    """The command line of a payer with FIL and 10,000 USDFC in its wallet, and nothing else."""
    account = Account.create()
    payer = DevAccount("USER_1", account.address, account.key.to_0x_hex())
    export = tmp_path / "devnet.json"
    deploy(node.rpc_url, [], export, users=[payer], empty_wallet=True)
    return CommandLine(
        {
            "VIBESFLOW_DEVNET_INFO": str(export),
            "VIBESFLOW_PRIVATE_KEY": payer.private_key,
            "VIBESFLOW_COPIES": "2",
        }
    )


def atto(coins: str) -> int:
    return in_atto(Decimal(coins))


def test_wallet_shows_an_empty_account(purse: CommandLine) -> None:
    shown = purse.json("wallet")
    assert (shown["usdfc_wallet"], shown["available"], shown["fil"]) == ("10000", "0", "100")
    assert (shown["sufficient_funds"], shown["ok"]) == (False, False)
    assert shown["approval"]["is_approved"] is False
    assert "USDFC are missing in Filecoin Pay" in shown["reason"]
    text = words(purse("wallet").stdout)
    assert "not approved" in text
    assert "for ever: nothing is being paid" in text


def test_wallet_needs_no_key(purse: CommandLine) -> None:
    payer = purse.json("wallet")["payer"]
    del purse.environment["VIBESFLOW_PRIVATE_KEY"]
    assert purse.json("wallet")["payer"] == payer
    purse.environment["VIBESFLOW_PAYER"] = "0x" + "ab" * 20
    assert purse.json("wallet")["payer"].lower() == "0x" + "ab" * 20


def test_quote_is_exact(purse: CommandLine) -> None:
    shown = purse.json("quote", "--minutes", "60")
    assert (shown["chunks"], shown["bytes_per_chunk"]) == (60, 720_000)
    assert (shown["copies"], shown["new_data_sets"], shown["pieces"]) == (2, 2, 120)
    rate = PRICES.rate_per_epoch(billed_bytes(60 * leaves_of(720_000)))
    assert atto(shown["rate_per_epoch"]) == 2 * rate
    assert atto(shown["rate_lockup"]) == 2 * rate * 86_400
    fees = usdfc("0.025") + 2 * usdfc("0.0005") + 60 * usdfc("0.0003")
    assert atto(shown["create_fees"]) + atto(shown["add_fees"]) == 2 * fees
    assert atto(shown["deposit"]) == 2 * (rate * 86_400 + usdfc("0.1") + fees)


def test_quote_with_other_numbers(purse: CommandLine) -> None:
    options = ("--minutes", "10", "--bytes-per-chunk", "200000", "--chunk-seconds", "30")
    shown = purse.json("quote", *options, "--copies", "1", "--pieces-per-commit", "1")
    assert (shown["chunks"], shown["bytes_per_chunk"], shown["copies"]) == (20, 200_000, 1)
    assert atto(shown["add_fees"]) == 20 * usdfc("0.0008")
    text = words(purse("quote", *options).stdout)
    assert "20 of 200,000 bytes" in text
    assert "Deposit needed" in text


def test_fund_does_what_its_dry_run_says_and_then_nothing(purse: CommandLine) -> None:
    said = purse.json("fund", "--days", "30", "--dry-run")
    assert (said["dry_run"], said["tx_hash"]) == (True, None)
    assert said["transaction"] == "depositWithPermitAndApproveOperator"
    assert said["wallet"]["funds"] == "0"
    done = purse.json("fund", "--days", "30")
    assert done["deposit"] == said["deposit"] == done["wallet"]["available"]
    assert done["tx_hash"].startswith("0x")
    assert (done["wallet"]["ok"], done["wallet"]["sufficient_funds"]) == (True, True)
    again = purse.json("fund", "--days", "30")
    assert (again["transaction"], again["tx_hash"], again["deposit"]) == (None, None, "0")
    assert "Nothing had to be sent" in purse("fund", "--days", "30").stdout


def test_fund_for_a_month_covers_the_quote_of_a_month(purse: CommandLine) -> None:
    purse.json("fund", "--days", "30", "--minutes-per-day", "10")
    month = ("--minutes", "300", "--days", "30", "--pieces-per-commit", "1")
    assert purse.json("quote", *month)["deposit"] == "0"


def test_fund_an_amount(purse: CommandLine) -> None:
    done = purse("fund", "--amount", "2.5", "--yes")
    assert done.exit_code == 0, done.output
    assert "deposit 2.5 USDFC and approve the storage service" in words(done.stdout)
    assert purse.json("wallet")["available"] == "2.5"
    assert purse.json("fund", "--amount", "3")["deposit"] == "0.5"


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (("--amount", "101"), ExitCode.INPUT, "funding_too_large"),
        (("--amount", "many"), ExitCode.INPUT, "not an amount"),
        (("--amount", "-1"), ExitCode.INPUT, "not an amount"),
        (("--minutes-per-day", "100000", "--chunk-seconds", "1"), ExitCode.USAGE, "chunks"),
    ],
)
def test_fund_refuses(purse: CommandLine, arguments: tuple, code: ExitCode, says: str) -> None:
    result = purse("fund", *arguments)
    assert (result.exit_code, result.stdout) == (code, "")
    assert says in words(result.stderr)


def test_fund_with_too_little_in_the_wallet(purse: CommandLine) -> None:
    purse.environment["VIBESFLOW_FUND_CEILING_USDFC"] = "20000"
    result = purse("fund", "--amount", "10001")
    assert result.exit_code == ExitCode.INCOMPLETE
    assert "the wallet holds 10000 USDFC, and 1 more are needed" in result.stderr


def test_fund_needs_the_key(purse: CommandLine) -> None:
    del purse.environment["VIBESFLOW_PRIVATE_KEY"]
    assert purse("fund", "--dry-run").exit_code == 0
    result = purse("fund")
    assert result.exit_code == ExitCode.SETTINGS
    assert "VIBESFLOW_PRIVATE_KEY" in result.stderr


def test_without_a_chain_the_commands_say_so(purse: CommandLine) -> None:
    purse.environment["VIBESFLOW_RPC_URLS"] = "http://127.0.0.1:9"
    for name in ("wallet", "quote", "fund"):
        result = purse(name)
        assert result.exit_code == ExitCode.DEPENDENCY_DOWN
        assert "chain_down" in result.stderr


def test_a_wallet_that_pays_shows_its_runway(purse: CommandLine, node: ChainNode) -> None:
    purse.json("fund", "--amount", "5")
    shown = purse.json("wallet")
    assert shown["runway_epochs"] is None
    assert shown["approval"]["is_unlimited"] is True
    head = int(str(rpc.call(node.rpc_url, "eth_blockNumber")), 16)
    assert abs(shown["epoch"] - head) <= 1
    assert "USDFC used without limit an epoch" in words(purse("wallet").stdout)


def test_runways_and_limits_in_words() -> None:
    assert money._runway_words(2_880 * 3) == "8,640 epochs, 3.0 days"
    assert money._limit_words(usdfc("1"), usdfc("2"), "") == "1 USDFC used of 2 USDFC"


def test_the_size_of_a_chunk_follows_from_length_and_bit_rate() -> None:
    assert Audio(1, 60, 96, None).chunk_bytes == 720_000
    assert Audio(1, 0.1, 1, None).chunk_bytes == 127
    assert Audio(1.01, 60, 96, 5_000).chunks == 2
    assert in_coins(usdfc("0.5")) == "0.5"
