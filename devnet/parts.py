"""The parts of the world besides Temporal: table, chain, providers, worker, API."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Mapping
from dataclasses import replace

from devnet.chain import accounts
from devnet.chain.deploy import deploy
from devnet.chain.providers import numbered
from devnet.data_dir import DataDir
from devnet.part import Part
from devnet.ports import LOOPBACK, Ports
from devnet.probes import chain_answers, http_answers
from devnet.table import table_url
from devnet.table_engines import TableChoice, chosen_table_part
from vibesflow.ledger import create_tables
from vibesflow.settings import TableSettings

PROVIDER_NUMBERS = (1, 2, 3)
PART_NAMES = (
    "table",
    "chain",
    "temporal",
    *(f"provider_{number}" for number in PROVIDER_NUMBERS),
    "worker",
    "api",
)
"""Every part, in the order of starting; also the keys of ``pids`` in the ready file."""

_STATE_FILE = "state.json"
_WORKER_STOP_LIMIT_S = 20.0


def prepared_table_part(data: DataDir, ports: Ports, choice: TableChoice) -> Part:
    """Describe the table engine; its tables are made, or found, after each start."""
    settings = TableSettings.model_construct(endpoint=table_url(ports.table))

    async def prepare() -> None:
        await asyncio.to_thread(create_tables, settings)

    engine = chosen_table_part(choice, ports.table, data.table)
    return replace(engine, folder=data.root, prepare=prepare)


def chain_part(
    data: DataDir,
    ports: Ports,
    environment: Mapping[str, str],
    *,
    block_time_s: float | None,
    empty_wallet: bool = False,
) -> Part:
    """Describe the chain; its contracts are deployed, or found, after each start."""
    rpc_url = f"http://{LOOPBACK}:{ports.chain}"
    flags = ["--port", str(ports.chain), "--state", str(data.chain / _STATE_FILE)]
    if block_time_s is not None:
        flags += ["--block-time", f"{block_time_s:g}"]

    async def prepare() -> None:
        specs = [numbered(number, provider_url(ports, number)) for number in PROVIDER_NUMBERS]
        await asyncio.to_thread(deploy, rpc_url, specs, data.devnet_info, empty_wallet=empty_wallet)

    return Part(
        name="chain",
        argv=(sys.executable, "-m", "devnet.chain", *flags),
        environment=environment,
        folder=data.root,
        probe=chain_answers(rpc_url),
        prepare=prepare,
    )


def provider_part(data: DataDir, ports: Ports, environment: Mapping[str, str], number: int) -> Part:
    """Describe one storage provider; its key is passed where other users cannot see it."""
    flags = {
        "--host": LOOPBACK,
        "--port": provider_port(ports, number),
        "--data-dir": data.provider(number),
        "--rpc-url": f"http://{LOOPBACK}:{ports.chain}",
        "--devnet-info": data.devnet_info,
    }
    words = [word for name, value in flags.items() for word in (name, str(value))]
    key = accounts.provider_account(number).private_key
    return Part(
        name=f"provider_{number}",
        argv=(sys.executable, "-m", "devnet.provider", *words, "--admin"),
        environment={**environment, "PROVIDER_PRIVATE_KEY": key},
        folder=data.root,
        probe=http_answers(f"{provider_url(ports, number)}/pdp/ping"),
    )


def worker_part(data: DataDir, ports: Ports, environment: Mapping[str, str]) -> Part:
    """Describe the worker."""
    return Part(
        name="worker",
        argv=(sys.executable, "-m", "worker"),
        environment=environment,
        folder=data.root,
        probe=http_answers(f"http://{LOOPBACK}:{ports.worker_health}/readyz"),
        stop_limit_s=_WORKER_STOP_LIMIT_S,
    )


def api_part(data: DataDir, ports: Ports, environment: Mapping[str, str]) -> Part:
    """Describe the HTTP door."""
    return Part(
        name="api",
        argv=(sys.executable, "-m", "api"),
        environment=environment,
        folder=data.root,
        probe=http_answers(f"http://{LOOPBACK}:{ports.api}/readyz"),
    )


def provider_port(ports: Ports, number: int) -> int:
    """Return the port of a provider, counted from 1."""
    return (ports.provider_1, ports.provider_2, ports.provider_3)[number - 1]


def provider_url(ports: Ports, number: int) -> str:
    """Return the base address of a provider, counted from 1."""
    return f"http://{LOOPBACK}:{provider_port(ports, number)}"
