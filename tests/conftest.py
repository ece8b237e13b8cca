"""Fixtures that all tests share; each service has its own module in `tests.fixtures`."""

from tests.fixtures.table import s3_settings, table_engine, table_settings
from tests.fixtures.temporal import skipped_time, temporal_client, temporal_env

__all__ = [
    "s3_settings",
    "skipped_time",
    "table_engine",
    "table_settings",
    "temporal_client",
    "temporal_env",
]
