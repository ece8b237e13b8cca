"""Fixtures that all tests share; each service has its own module in `tests.fixtures`."""

from tests.fixtures.table import s3_settings, table_engine, table_settings

__all__ = ["s3_settings", "table_engine", "table_settings"]
