"""The two tables and their indexes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypedDict

from vibesflow.settings import TableSettings

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.type_defs import (
        AttributeDefinitionTypeDef,
        GlobalSecondaryIndexTypeDef,
        KeySchemaElementTypeDef,
        ProjectionTypeDef,
    )

BY_MONTH = "completed-by-month"
BY_CREATOR = "completed-by-creator"
OPEN_STREAMS = "open-streams"
PARKED_STREAMS = "parked-streams"

LIST_ATTRIBUTES = (
    "upload_timestamp",
    "is_complete",
    "chunks",
    "uploaded",
    "failed",
    "total_bytes",
    "total_duration_ms",
    "rev",
    "document_version",
    "detail_rev",
    "metadata_cid",
    "compilation_timestamp",
    "proof_set_id",
    "storage_provider",
    "first_chunk_url",
    "last_chunk_url",
    "filcdn_base",
    "total_duration",
    "total_size_mb",
    "rta_duration",
)
"""What a list reply needs besides the keys and `creator`."""


class Definition(TypedDict, total=False):
    """The part of a CreateTable request that a table decides."""

    KeySchema: list[KeySchemaElementTypeDef]
    AttributeDefinitions: list[AttributeDefinitionTypeDef]
    GlobalSecondaryIndexes: list[GlobalSecondaryIndexTypeDef]


@dataclass(frozen=True, slots=True)
class Index:
    """A sparse index: items without both keys are not in it.

    Attributes:
        attributes: what is copied into it besides the keys; nothing for keys alone.
    """

    name: str
    hash_key: str
    range_key: str
    attributes: tuple[str, ...] = ()

    @property
    def definition(self) -> GlobalSecondaryIndexTypeDef:
        """The index as CreateTable wants it."""
        projection: ProjectionTypeDef = {"ProjectionType": "KEYS_ONLY"}
        if self.attributes:
            projection = {"ProjectionType": "INCLUDE", "NonKeyAttributes": [*self.attributes]}
        return {
            "IndexName": self.name,
            "KeySchema": _key_schema(self.hash_key, self.range_key),
            "Projection": projection,
        }


@dataclass(frozen=True, slots=True)
class Table:
    """A table; all key attributes are text.

    Attributes:
        setting: field of `TableSettings` that names it.
    """

    setting: str
    hash_key: str
    range_key: str | None = None
    indexes: tuple[Index, ...] = ()

    def name(self, settings: TableSettings) -> str:
        """Return the table's name in a deployment."""
        return str(getattr(settings, self.setting))

    @property
    def key_schema(self) -> list[KeySchemaElementTypeDef]:
        """The primary key as CreateTable wants it."""
        return _key_schema(self.hash_key, self.range_key)

    @property
    def definition(self) -> Definition:
        """The table as CreateTable wants it, name and billing aside."""
        names = [self.hash_key, self.range_key]
        for index in self.indexes:
            names += [index.hash_key, index.range_key]
        found: Definition = {
            "KeySchema": self.key_schema,
            "AttributeDefinitions": [
                {"AttributeName": name, "AttributeType": "S"}
                for name in dict.fromkeys(names)
                if name
            ],
        }
        if self.indexes:
            found["GlobalSecondaryIndexes"] = [index.definition for index in self.indexes]
        return found


TABLES = (
    Table(
        setting="metadata_name",
        hash_key="rta_id",
        indexes=(
            Index(BY_MONTH, "completed_month", "completed_sort", ("creator", *LIST_ATTRIBUTES)),
            Index(BY_CREATOR, "creator", "completed_sort", LIST_ATTRIBUTES),
            Index(OPEN_STREAMS, "open_shard", "opened_sort"),
            Index(PARKED_STREAMS, "parked_shard", "parked_sort"),
        ),
    ),
    Table(setting="chunks_name", hash_key="rta_id", range_key="chunk_key"),
)


def _key_schema(hash_key: str, range_key: str | None) -> list[KeySchemaElementTypeDef]:
    schema: list[KeySchemaElementTypeDef] = [{"AttributeName": hash_key, "KeyType": "HASH"}]
    if range_key:
        schema.append({"AttributeName": range_key, "KeyType": "RANGE"})
    return schema
