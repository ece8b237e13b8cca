"""Services we call that do not answer."""

from __future__ import annotations

from typing import ClassVar

from vibesflow.errors.base import RetryClass, VibesflowError


class DependencyDown(VibesflowError):
    """A service we depend on does not answer."""

    code = "dependency_down"
    retry = RetryClass.RETRY
    http_status = 503
    dependency: ClassVar[str] = "dependency"
    advice = "Try again; nothing was acknowledged."


class TemporalDown(DependencyDown):
    """The Temporal server does not answer."""

    code = "temporal_down"
    dependency = "temporal"


class TableDown(DependencyDown):
    """DynamoDB does not answer, or not in time."""

    code = "table_down"
    dependency = "table"


class TableThrottled(TableDown):
    """DynamoDB asks us to slow down, or another transaction is in the way."""

    code = "table_throttled"


class StagingDown(DependencyDown):
    """Staging cannot be read or written."""

    code = "staging_down"
    dependency = "staging"
    advice = "Check free space and permissions of the staging folder, or the bucket's reachability."


class ChainDown(DependencyDown):
    """No RPC endpoint of the chain answers."""

    code = "chain_down"
    dependency = "chain"
    advice = "Check VIBESFLOW_RPC_URLS; the work goes on by itself once an endpoint answers."


class ProviderDown(DependencyDown):
    """A storage provider does not answer, or answers 5xx."""

    code = "provider_down"
    dependency = "provider"


class PinningDown(DependencyDown):
    """The pinning service does not answer, or is busy."""

    code = "pinning_down"
    dependency = "pinning"
    advice = "Nothing is lost: the chunk's bytes are kept in staging, and it is tried again."


class ReadCacheDown(DependencyDown):
    """Pieces that were fetched cannot be kept on disk, so they cannot be checked and served."""

    code = "read_cache_down"
    dependency = "read cache"
    advice = "Check free space and permissions of VIBESFLOW_READ_CACHE_DIR."
