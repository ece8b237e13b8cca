"""Fixtures that all tests share; each service has its own module in `tests.fixtures`."""

from pathlib import Path

import pytest

from tests.conformance.option import DEVNET_INFO_OPTION
from tests.fixtures.hangs import pytest_runtest_makereport
from tests.fixtures.order import long_files_first
from tests.fixtures.payloads import no_payload_is_heavy
from tests.fixtures.table import (
    ENDPOINT_OPTION,
    s3_settings,
    table_endpoint,
    table_engine,
    table_settings,
)
from tests.fixtures.temporal import skipped_time, temporal_client, temporal_env
from tests.fixtures.world import world

__all__ = [
    "no_payload_is_heavy",
    "pytest_runtest_makereport",
    "s3_settings",
    "skipped_time",
    "table_endpoint",
    "table_engine",
    "table_settings",
    "temporal_client",
    "temporal_env",
    "world",
]


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        ENDPOINT_OPTION,
        help="run the tests of the tables against this DynamoDB endpoint instead of ministack",
    )
    parser.addoption(
        "--fuzz-cases", type=int, default=300, help="requests that the door is tried with"
    )
    parser.addoption(
        "--dynamodb-jar", help="kill DynamoDB Local as well; the path of DynamoDBLocal.jar"
    )
    parser.addoption(
        DEVNET_INFO_OPTION,
        type=Path,
        help="look at the devnet that this JSON describes instead of one of our own",
    )


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if hasattr(config, "workerinput"):  # one of several processes
        long_files_first(items)
