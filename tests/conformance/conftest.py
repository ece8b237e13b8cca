"""The devnet under test, payers on it, and how long everything may take."""

from __future__ import annotations

import secrets
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from tests.conformance.bank import USDFC, Bank, NoMoney, Payer, open_bank
from tests.conformance.javascript_client import (
    JavaScriptClient,
    JavaScriptMissing,
    install,
    javascript_client,
)
from tests.conformance.onchain import Onchain, open_onchain
from tests.conformance.option import DEVNET_INFO_OPTION
from tests.conformance.own_devnet import own_devnet
from tests.conformance.subject import Subject
from vibesflow.errors import InsufficientFunds
from vibesflow.filecoin import FilecoinClient, ProviderInfo, load_devnet
from vibesflow.filecoin.metadata import Metadata

GRANT = 4 * USDFC
"""What a fresh payer gets: some 25 data sets, a few of which a run creates."""

DEPOSIT = 3 * USDFC
JAVASCRIPT_DEPOSIT = 2 * USDFC
OWN_TIMEOUT_S = 300
OTHER_TIMEOUT_S = 3600

_notes = pytest.StashKey[list[str]]()


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Other devnets have epochs of up to 30 s; ours may have to install the other client."""
    limit_s = OTHER_TIMEOUT_S if config.getoption(DEVNET_INFO_OPTION) else OWN_TIMEOUT_S
    for item in items:
        if item.path.is_relative_to(Path(__file__).parent):
            item.add_marker(pytest.mark.timeout(limit_s))


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    for note in config.stash.get(_notes, []):
        terminalreporter.write_line(f"conformance: {note}")


@pytest.fixture(scope="session")
def notes(pytestconfig: pytest.Config) -> list[str]:
    """Words for whoever reads the summary."""
    return pytestconfig.stash.setdefault(_notes, [])


@pytest.fixture(scope="session")
def subject(
    pytestconfig: pytest.Config, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Subject]:
    """The devnet that `--devnet-info` names, else one of our own."""
    named = pytestconfig.getoption(DEVNET_INFO_OPTION)
    if named is not None:
        yield Subject(named, load_devnet(named), own=False)
        return
    with own_devnet(tmp_path_factory.mktemp("conformance")) as export:
        yield Subject(export, load_devnet(export), own=True)


@pytest.fixture(scope="session")
async def bank(subject: Subject) -> AsyncIterator[Bank]:
    async with open_bank(subject) as opened:
        yield opened


@pytest.fixture(scope="session")
async def onchain(subject: Subject) -> AsyncIterator[Onchain]:
    async with open_onchain(subject) as opened:
        yield opened


@pytest.fixture
async def fresh_payer(bank: Bank) -> Payer:
    """A payer of this test alone, with USDFC in its wallet and nothing in Filecoin Pay."""
    try:
        return await bank.fresh_payer(GRANT)
    except NoMoney as error:
        pytest.skip(f"no payer can be given USDFC: {error}")


@pytest.fixture(scope="session")
async def payer(bank: Bank, notes: list[str]) -> Payer:
    """The payer of most tests: a fresh one, or the first user if nobody can share."""
    try:
        return await bank.fresh_payer(GRANT)
    except NoMoney as error:
        reason = str(error)
    try:
        first = bank.first_user()
    except NoMoney as error:
        pytest.skip(f"nobody can pay for storage: {error}")
    notes.append(f"the first user pays itself, because {reason}")
    return first


@pytest.fixture(scope="session")
async def client(subject: Subject, payer: Payer) -> AsyncIterator[FilecoinClient]:
    """Our client of a payer whose account in Filecoin Pay is funded."""
    async with await subject.open(payer.key) as opened:
        try:
            await opened.fund(DEPOSIT)
        except InsufficientFunds as error:
            pytest.skip(f"nobody can pay for storage: {error}")
        yield opened


@pytest.fixture(scope="session")
async def home(client: FilecoinClient) -> ProviderInfo:
    """Where first copies go."""
    (chosen,) = await client.choose_copies(1)
    return chosen


@pytest.fixture(scope="session")
async def neighbour(client: FilecoinClient, home: ProviderInfo) -> ProviderInfo:
    """Another provider for second copies; tests that need one are skipped without."""
    chosen = await client.choose_copies(2, preferred=(home.provider_id,))
    if len(chosen) < 2:
        pytest.skip("the devnet has one approved provider that answers, not two")
    return chosen[1]


@pytest.fixture
def scope(request: pytest.FixtureRequest) -> Metadata:
    """Pairs of data sets that this run of this test has to itself."""
    name = request.node.name.removeprefix("test_")[:60]
    return (("conformance", f"{name}-{secrets.token_hex(4)}"),)


@pytest.fixture(scope="session")
def javascript_folder(pytestconfig: pytest.Config) -> Path:
    try:
        return install(pytestconfig.rootpath)
    except JavaScriptMissing as error:
        pytest.skip(f"the JavaScript client cannot be installed: {error}")


@pytest.fixture(scope="session")
async def javascript(
    subject: Subject, bank: Bank, javascript_folder: Path, notes: list[str]
) -> AsyncIterator[JavaScriptClient]:
    """The JavaScript client, with a payer of its own: one with USDFC if anybody can share."""
    try:
        payer = await bank.fresh_payer(GRANT)
    except NoMoney as error:
        payer = Payer.penniless()
        notes.append(f"the JavaScript client pays for nothing, because {error}")
    async with javascript_client(javascript_folder, subject.export, payer) as started:
        yield started


@pytest.fixture(scope="session")
async def funded(subject: Subject, javascript: JavaScriptClient) -> JavaScriptClient:
    """The JavaScript client, after it has deposited and approved by itself."""
    async with await subject.open(javascript.payer.key) as ours:
        if (await ours.wallet()).usdfc < JAVASCRIPT_DEPOSIT:
            pytest.skip("nobody can pay for what the JavaScript client stores")
    assert await javascript.ask("fund", amount=str(JAVASCRIPT_DEPOSIT)) == "success"
    return javascript
