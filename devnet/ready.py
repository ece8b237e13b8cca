"""The ready file: where everything is, for programs that want to use the world."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from pydantic import BaseModel, ConfigDict

from devnet.data_dir import DataDir
from devnet.parts import PROVIDER_NUMBERS, provider_url
from devnet.ports import LOOPBACK, Ports
from devnet.temporal import NAMESPACE


class Ready(BaseModel):
    """Addresses of a world that answers, and its process ids.

    Attributes:
        api: base address of the HTTP API.
        temporal: host and port of the Temporal frontend.
        dynamodb: endpoint of the table.
        rpc: JSON-RPC address of the chain.
        devnet_info: the devnet's JSON export.
        providers: base addresses of the storage providers.
        staging: the staging URL.
        pids: process ids by part; rewritten when a part was started again.
        env_file: settings for the command line or another worker; holds the devnet key.
    """

    model_config = ConfigDict(frozen=True)

    api: str
    temporal: str
    namespace: str
    temporal_ui: str
    dynamodb: str
    rpc: str
    devnet_info: str
    providers: tuple[str, ...]
    staging: str
    pids: dict[str, int]
    env_file: str
    data_dir: str


def ready(data: DataDir, ports: Ports, pids: dict[str, int]) -> Ready:
    """Describe a world."""

    def http(port: int) -> str:
        return f"http://{LOOPBACK}:{port}"

    return Ready(
        api=http(ports.api),
        temporal=f"{LOOPBACK}:{ports.temporal}",
        namespace=NAMESPACE,
        temporal_ui=http(ports.temporal_ui),
        dynamodb=http(ports.table),
        rpc=http(ports.chain),
        devnet_info=str(data.devnet_info),
        providers=tuple(provider_url(ports, number) for number in PROVIDER_NUMBERS),
        staging=data.staging.as_uri(),
        pids=pids,
        env_file=str(data.env_file),
        data_dir=str(data.root),
    )


def write_ready(path: Path, facts: Ready) -> None:
    """Write the file in one step: a reader sees the old text or the new one, never a part."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, draft = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}-")
    with os.fdopen(handle, "w") as file:
        file.write(facts.model_dump_json(indent=2) + "\n")
    Path(draft).replace(path)
