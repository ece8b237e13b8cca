"""The environment of the world's processes, put together in one place."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from devnet.data_dir import DataDir
from devnet.ports import LOOPBACK, Ports
from devnet.temporal import AUDIT, NAMESPACE
from vibesflow.settings import (
    AccessSettings,
    ApiSettings,
    AuditSettings,
    FilecoinSettings,
    NetworkName,
    ReadSettings,
    StagingSettings,
    TableSettings,
    TemporalSettings,
    WorkerSettings,
    variable,
)

_PLACES = (TemporalSettings, TableSettings, StagingSettings, FilecoinSettings, AccessSettings)
"""Settings that say where things are; the person's own are not passed on, the world has its own."""

_WORKER_GRACE_S = 5
"""A world on one machine stops soon; what was under way goes on at its next start."""

_COMMIT_LINGER_S = 3
"""Gas is free here, and whoever develops is watching: no long wait for company in a commit."""

_LOCAL_AWS = {
    "AWS_ACCESS_KEY_ID": "000000000000",
    "AWS_SECRET_ACCESS_KEY": "checked-by-nobody-in-a-devnet",
    "AWS_EC2_METADATA_DISABLED": "true",
}
"""The local table wants credentials and checks none."""


def base_environment() -> dict[str, str]:
    """Return this process's environment without what must not leak into the world."""
    elsewhere = {variable(group, field) for group in _PLACES for field in group.model_fields}
    return {
        name: value
        for name, value in os.environ.items()
        if name not in elsewhere and not name.startswith("AWS_")
    }


def world_settings(data: DataDir, ports: Ports, private_key: str) -> dict[str, str]:
    """Return the settings of worker, API and command line, by variable."""
    return {
        variable(TemporalSettings, "address"): f"{LOOPBACK}:{ports.temporal}",
        variable(TemporalSettings, "namespace"): NAMESPACE,
        variable(TemporalSettings, "ui_url"): f"http://{LOOPBACK}:{ports.temporal_ui}",
        variable(TableSettings, "endpoint"): f"http://{LOOPBACK}:{ports.table}",
        variable(StagingSettings, "url"): data.staging.as_uri(),
        variable(ReadSettings, "cache_dir"): str(data.read_cache),
        variable(FilecoinSettings, "network"): NetworkName.DEVNET.value,
        variable(FilecoinSettings, "devnet_info"): str(data.devnet_info),
        variable(FilecoinSettings, "private_key"): private_key,
        variable(FilecoinSettings, "commit_linger_s"): str(_COMMIT_LINGER_S),
        variable(AuditSettings, "share"): f"{AUDIT.share:g}",
        variable(AuditSettings, "patience_s"): f"{AUDIT.patience_s:g}",
        variable(AuditSettings, "leftover_age_s"): f"{AUDIT.leftover_age_s:g}",
        variable(ApiSettings, "host"): LOOPBACK,
        variable(ApiSettings, "port"): str(ports.api),
        variable(ApiSettings, "public_url"): f"http://{LOOPBACK}:{ports.api}",
        variable(WorkerSettings, "metrics_address"): f"{LOOPBACK}:{ports.worker_metrics}",
        variable(WorkerSettings, "health_host"): LOOPBACK,
        variable(WorkerSettings, "health_port"): str(ports.worker_health),
        variable(WorkerSettings, "grace_s"): str(_WORKER_GRACE_S),
        **_LOCAL_AWS,
    }


def pinning_token() -> str:
    """Return the token that the devnet's pinning service asks for; empty if none is set.

    It comes by the environment because other users can read a process's arguments.
    """
    return os.environ.get("PINNING_TOKEN", "")


def adopt_environment(settings: Mapping[str, str]) -> None:
    """Let this process see what the world's processes see."""
    adopted = {**base_environment(), **settings}
    os.environ.clear()
    os.environ.update(adopted)


def write_env_file(path: Path, settings: Mapping[str, str]) -> None:
    """Write ``KEY=VALUE`` lines for ``vibesflow --env-file``; the owner alone may read them."""
    text = "".join(f"{name}={value}\n" for name, value in settings.items())
    path.unlink(missing_ok=True)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(text)
