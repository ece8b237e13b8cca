"""The ledger: streams and chunks as readers see them, in DynamoDB."""

from __future__ import annotations

from vibesflow.ledger.dynamo import DynamoLedger
from vibesflow.ledger.port import Ledger, LedgerKeeper, LedgerReader, LedgerWriter
from vibesflow.ledger.setup import create_tables, open_table_client, tables_exist
from vibesflow.ledger.tables import TABLES

__all__ = [
    "TABLES",
    "DynamoLedger",
    "Ledger",
    "LedgerKeeper",
    "LedgerReader",
    "LedgerWriter",
    "create_tables",
    "open_table_client",
    "tables_exist",
]
