"""Clients of AWS services, and of the local engines that speak their protocols."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, TypeAlias, TypedDict, overload
from urllib.parse import urlsplit

import boto3
import botocore.session
from botocore.config import Config
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    ConnectionError,  # noqa: A004 - botocore's own; the built-in one is not what it raises
    HTTPClientError,
    IncompleteReadError,
)
from botocore.loaders import JSONFileLoader

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_s3 import S3Client

AwsFailure: TypeAlias = ClientError | BotoCoreError
"""Everything that a boto3 call raises on account of the service, the network or the request."""

AWS_FAILURES = (ClientError, BotoCoreError)

_NO_ANSWER = (HTTPClientError, ConnectionError, IncompleteReadError)

_CONNECTIONS = 256
"""Connections one client may keep; made on demand, and never fewer than a worker's threads."""


class _Definitions(JSONFileLoader):
    """What AWS's services are like, read once a process.

    Every client has a session of its own, for the credentials of its moment, and every session
    would parse megabytes of JSON again: most of the time that opening a client takes.
    """

    def __init__(self) -> None:
        self._known: dict[str, object] = {}

    def load_file(self, file_path: str) -> object:
        """Return the definitions in a file (named without its ending), or None."""
        if file_path not in self._known:
            found: object = super().load_file(file_path)
            if found is None:
                return None
            self._known[file_path] = found
        return self._known[file_path]


_DEFINITIONS = _Definitions()


class _StaticKeys(TypedDict, total=False):
    aws_access_key_id: str
    aws_secret_access_key: str


@overload
def open_client(
    service: Literal["dynamodb"], *, endpoint: str | None, region: str, read_timeout_s: float
) -> DynamoDBClient: ...


@overload
def open_client(
    service: Literal["s3"], *, endpoint: str | None, region: str, read_timeout_s: float
) -> S3Client: ...


def open_client(
    service: Literal["dynamodb", "s3"],
    *,
    endpoint: str | None,
    region: str,
    read_timeout_s: float,
) -> DynamoDBClient | S3Client:
    """Return a client that any number of threads may share.

    botocore tries each call three times at most; an outage that lasts is for the caller to sit
    out. Credentials come from boto3's own chain. A local engine (an endpoint in plain HTTP) takes
    any, so there made-up ones stand in when the chain has none, and instance metadata is not asked.

    Args:
        service: which service.
        endpoint: address of an engine other than AWS itself.
        region: AWS region.
        read_timeout_s: how long one answer may take.
    """
    core = botocore.session.get_session()
    core.get_component("data_loader").file_loader = _DEFINITIONS
    config = Config(
        retries={"mode": "standard", "total_max_attempts": 3},
        connect_timeout=2,
        read_timeout=read_timeout_s,
        max_pool_connections=_CONNECTIONS,
        tcp_keepalive=True,
        s3={"addressing_style": "path"} if endpoint else None,
    )
    keys = _made_up_keys(core) if _is_local(endpoint) else _StaticKeys()
    session = boto3.Session(botocore_session=core, region_name=region)
    return session.client(service, endpoint_url=endpoint, config=config, **keys)


def error_code(error: AwsFailure) -> str:
    """Return the service's error code, or the name of botocore's own exception."""
    if isinstance(error, ClientError):
        return str(error.response.get("Error", {}).get("Code", "Unknown"))
    return type(error).__name__


def http_status(error: AwsFailure) -> int:
    """Return the HTTP status of the service's answer, or 0 when none came."""
    if isinstance(error, ClientError):
        return error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    return 0


def describe(error: AwsFailure) -> str:
    """Spell an error for a log line: code, the service's words, request id."""
    if isinstance(error, ClientError):
        request_id = error.response.get("ResponseMetadata", {}).get("RequestId", "none")
        words = error.response.get("Error", {}).get("Message", "")
        return f"{error_code(error)}: {words} (request {request_id})"
    return f"{error_code(error)}: {error}"


def is_unreachable(error: AwsFailure) -> bool:
    """Tell whether no usable answer came: a timeout, a broken connection, a 5xx."""
    return isinstance(error, _NO_ANSWER) or http_status(error) >= 500


def _is_local(endpoint: str | None) -> bool:
    return endpoint is not None and urlsplit(endpoint).scheme == "http"


def _made_up_keys(core: botocore.session.Session) -> _StaticKeys:
    providers = core.get_component("credential_provider")
    for asks_the_network in ("container-role", "iam-role"):
        providers.remove(asks_the_network)
    if core.get_credentials() is not None:
        return _StaticKeys()
    return _StaticKeys(aws_access_key_id="local", aws_secret_access_key="local")  # noqa: S106 - no secret
