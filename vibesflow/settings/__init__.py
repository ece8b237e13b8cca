"""The one place that reads the environment: typed, frozen, all faults at once.

Every variable begins with ``VIBESFLOW_``. ``docs/configuration.md`` is generated from this file.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from decimal import Decimal
from enum import StrEnum
from pathlib import Path
from typing import Any, ClassVar

from pydantic import Field, SecretStr, ValidationError
from pydantic_settings import SettingsConfigDict

from vibesflow.errors import NetworkUnknown, SettingsInvalid
from vibesflow.settings.audit import AuditSettings
from vibesflow.settings.env_lines import parse_env_lines
from vibesflow.settings.pinning import PinningSettings
from vibesflow.settings.processes import AccessSettings, ApiSettings, WorkerSettings
from vibesflow.settings.types import CommaSeparated, Group

__all__ = [
    "AccessSettings",
    "ApiSettings",
    "AuditSettings",
    "DataSetScope",
    "FilecoinSettings",
    "NetworkName",
    "PinningSettings",
    "ReadSettings",
    "Settings",
    "StagingSettings",
    "StreamSettings",
    "TableSettings",
    "TemporalSettings",
    "WorkerSettings",
    "apply_env_file",
    "load_settings",
    "variable",
]


class NetworkName(StrEnum):
    """Chains the system can work on (fact sheet section 1)."""

    MAINNET = "mainnet"
    CALIBRATION = "calibration"
    DEVNET = "devnet"


class DataSetScope(StrEnum):
    """Who shares a data set on chain."""

    WALLET = "wallet"
    """All streams: cheapest."""
    CREATOR = "creator"
    RTA = "rta"


class TemporalSettings(Group):
    """Where the Temporal server is."""

    model_config = SettingsConfigDict(env_prefix="VIBESFLOW_TEMPORAL_")

    address: str = Field("127.0.0.1:7233", description="Host and port of the Temporal frontend")
    namespace: str = Field("default", description="Temporal namespace")
    api_key: SecretStr | None = Field(None, description="API key of Temporal Cloud")
    tls: bool = Field(False, description="Connect with TLS; implied by an API key")
    ui_url: str | None = Field(None, description="Base address of the Web UI, for links")


class TableSettings(Group):
    """Where the DynamoDB tables are. Credentials are boto3's own affair."""

    model_config = SettingsConfigDict(env_prefix="VIBESFLOW_TABLE_")

    endpoint: str | None = Field(None, description="DynamoDB endpoint; unset means AWS itself")
    region: str = Field("us-east-1", description="AWS region")
    metadata_name: str = Field("VibestreamsMetadata", description="Table of streams")
    chunks_name: str = Field("VibestreamsChunks", description="Table of chunks")
    first_month: str = Field(
        "2025-01", pattern=r"^\d{4}-\d{2}$", description="Oldest month that lists look back to"
    )
    cursor_secret: SecretStr | None = Field(
        None, description="Key that signs paging cursors; unset means one per process"
    )


class StagingSettings(Group):
    """Where chunk bytes wait."""

    model_config = SettingsConfigDict(env_prefix="VIBESFLOW_STAGING_")

    url: str = Field(
        "file:///var/lib/vibesflow/staging",
        pattern=r"^(file:///|s3://)",
        description="file:///folder for one machine, s3://bucket/prefix for several",
    )
    s3_endpoint: str | None = Field(None, description="S3 endpoint; unset means AWS itself")
    s3_region: str = Field("us-east-1", description="Region of the bucket")


class FilecoinSettings(Group):
    """Which chain, whose key, which providers."""

    model_config = SettingsConfigDict(env_prefix="VIBESFLOW_")

    network: NetworkName = Field(NetworkName.DEVNET, description="mainnet, calibration or devnet")
    devnet_info: Path | None = Field(
        None, description="The devnet's JSON export; needed when the network is devnet"
    )
    rpc_urls: CommaSeparated = Field(
        (), description="RPC endpoints in order of preference; empty means the network's own"
    )
    private_key: SecretStr | None = Field(None, description="The payer's key, 32 bytes in hex")
    private_key_file: Path | None = Field(None, description="A file that holds the payer's key")
    payer: str | None = Field(
        None,
        pattern=r"^0x[0-9a-fA-F]{40}$",
        description="The payer's address; needed beside a session key, and to show a wallet "
        "without its key",
    )
    fund_ceiling_usdfc: Decimal = Field(
        Decimal(100),
        ge=0,
        decimal_places=18,
        description="Most USDFC that one call may deposit into Filecoin Pay",
    )
    private_keystore: Path | None = Field(
        None, description="An encrypted keystore (Web3 secret storage) that holds the payer's key"
    )
    keystore_password_file: Path | None = Field(
        None, description="A file that holds the keystore's password"
    )
    session_key: SecretStr | None = Field(
        None,
        description="A session key, 32 bytes in hex; it signs instead of the payer's key, which "
        "is then not needed to store and commit",
    )
    session_key_file: Path | None = Field(None, description="A file that holds a session key")
    source: str = Field(
        "vibesflow", max_length=96, description="Metadata `source` of our data sets on chain"
    )
    copies: int = Field(
        2, ge=1, le=10, description="Providers that must have a piece on chain before it is safe"
    )
    data_set_scope: DataSetScope = Field(
        DataSetScope.WALLET,
        description="Who shares a data set: wallet (cheapest), creator or rta",
    )
    commit_linger_s: float = Field(
        30, ge=0, description="How long a stored piece waits for others before it is committed"
    )
    ipfs_gateway: str | None = Field(
        None,
        pattern=r"^https?://",
        description="Gateway that IPFS CIDs are fetched through; unset means that none are",
    )
    piece_wait_s: float = Field(
        300, gt=0, description="How long a provider may take to publish a stored piece"
    )


class ReadSettings(Group):
    """How pieces are fetched back for those who play them."""

    model_config = SettingsConfigDict(env_prefix="VIBESFLOW_READ_")

    hedge_s: float = Field(
        0.5, gt=0, description="How long a source may be silent or slow before another is asked too"
    )
    timeout_s: float = Field(
        10, gt=0, description="How long a source may be silent before it is given up"
    )
    cdn: bool = Field(
        False, description="Ask FilBeam first; it serves data sets that were created with CDN"
    )
    cache_dir: Path | None = Field(
        None, description="Folder of checked pieces; unset means one that goes with the process"
    )
    cache_bytes: int = Field(
        2**30, ge=0, description="How much of them is kept, those that were read last"
    )
    max_bytes: int = Field(
        64 * 2**20, ge=127, le=1_065_353_216, description="Longest piece that is fetched, in bytes"
    )


class StreamSettings(Group):
    """How streams behave unless one is started with its own numbers."""

    model_config = SettingsConfigDict(env_prefix="VIBESFLOW_STREAM_")

    window_s: float = Field(
        360, gt=0, le=86_400, description="Silence after which a stream is complete"
    )
    settle_s: float = Field(
        1_800, ge=0, description="How long completion waits for confirmations on chain"
    )
    parallel_uploads: int = Field(
        8, ge=1, le=100, description="Chunks of one stream that are stored at the same time"
    )
    give_up_s: float = Field(
        21_600, gt=0, description="How long one chunk's storing is tried before it is parked"
    )


_GROUPS: tuple[type[Group], ...] = (
    TemporalSettings,
    TableSettings,
    StagingSettings,
    FilecoinSettings,
    ReadSettings,
    StreamSettings,
    AuditSettings,
    PinningSettings,
    ApiSettings,
    AccessSettings,
    WorkerSettings,
)


class Settings:
    """All settings of one process, read once."""

    groups: ClassVar[tuple[type[Group], ...]] = _GROUPS

    def __init__(
        self,
        *,
        temporal: TemporalSettings,
        table: TableSettings,
        staging: StagingSettings,
        filecoin: FilecoinSettings,
        read: ReadSettings,
        stream: StreamSettings,
        audit: AuditSettings,
        pinning: PinningSettings,
        api: ApiSettings,
        access: AccessSettings,
        worker: WorkerSettings,
    ) -> None:
        self.temporal = temporal
        self.table = table
        self.staging = staging
        self.filecoin = filecoin
        self.read = read
        self.stream = stream
        self.audit = audit
        self.pinning = pinning
        self.api = api
        self.access = access
        self.worker = worker


def load_settings(*, needs_key: bool = False, guards_door: bool = False) -> Settings:
    """Read all settings from the environment.

    Args:
        needs_key: the process signs, so a missing key is a fault.
        guards_door: the process lets people in, so missing access keys are a fault.

    Raises:
        SettingsInvalid: its message names every faulty variable and never shows a value.
        NetworkUnknown: the network is the only fault.
    """
    faults: list[str] = []
    loaded: dict[str, Any] = {}
    for group in _GROUPS:
        try:
            loaded[group.__name__.removesuffix("Settings").lower()] = group()
        except ValidationError as error:
            faults.extend(_describe(group, error))
    faults.extend(_unknown(os.environ))
    filecoin = loaded.get("filecoin")
    if isinstance(filecoin, FilecoinSettings):
        faults.extend(_missing(filecoin, needs_key=needs_key))
    access = loaded.get("access")
    if guards_door and isinstance(access, AccessSettings):
        is_devnet = isinstance(filecoin, FilecoinSettings) and filecoin.network == "devnet"
        faults.extend(_missing_access(access, may_be_open=is_devnet))
    if faults:
        raise _kind_of(faults)("settings are missing or wrong:\n  " + "\n  ".join(sorted(faults)))
    return Settings(**loaded)


def _kind_of(faults: list[str]) -> type[SettingsInvalid]:
    network = variable(FilecoinSettings, "network")
    only_network = all(fault.startswith(f"{network}: ") for fault in faults)
    return NetworkUnknown if only_network else SettingsInvalid


def apply_env_file(path: Path) -> None:
    """Set this process's environment from a file of ``KEY=VALUE`` lines.

    The file wins over what is set already. Empty lines and lines that begin with ``#`` are passed
    over; ``export`` before a name and one pair of quotes around a value are taken off.

    Raises:
        SettingsInvalid: the file cannot be read, or a line is of another form; no value is shown.
    """
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "not UTF-8 text"
        raise SettingsInvalid(f"cannot read the settings file {path}: {reason}") from error
    os.environ.update(dict(parse_env_lines(path, lines)))


def variable(group: type[Group], field: str) -> str:
    """Return the environment variable that sets a field."""
    return f"{group.model_config.get('env_prefix', '')}{field}".upper()


def _describe(group: type[Group], error: ValidationError) -> list[str]:
    return [f"{variable(group, str(item['loc'][0]))}: {item['msg']}" for item in error.errors()]


def _unknown(environ: Mapping[str, str]) -> list[str]:
    known = {variable(group, field) for group in _GROUPS for field in group.model_fields}
    return [
        f"{name}: no such setting"
        for name in environ
        if name.upper().startswith("VIBESFLOW_") and name.upper() not in known
    ]


def _missing(filecoin: FilecoinSettings, *, needs_key: bool) -> list[str]:
    faults = []
    if filecoin.network is NetworkName.DEVNET and filecoin.devnet_info is None:
        faults.append("VIBESFLOW_DEVNET_INFO: needed when VIBESFLOW_NETWORK is devnet")
    if needs_key and not _has_key(filecoin):
        faults.append("VIBESFLOW_PRIVATE_KEY or VIBESFLOW_PRIVATE_KEY_FILE: one is needed to sign")
    return faults


def _missing_access(access: AccessSettings, *, may_be_open: bool) -> list[str]:
    if access.is_open and may_be_open:
        return []
    where = "" if may_be_open else " unless VIBESFLOW_NETWORK is devnet"
    return [
        f"{variable(AccessSettings, name)}: needed to let nobody in unseen{where}"
        for name in ("ticket_key", "operator_key")
        if getattr(access, name) is None
    ]


def _has_key(filecoin: FilecoinSettings) -> bool:
    sources = (
        filecoin.private_key,
        filecoin.private_key_file,
        filecoin.private_keystore,
        filecoin.session_key,
        filecoin.session_key_file,
    )
    return any(source is not None for source in sources)
