"""The table, looked at with boto3 alone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import boto3
from boto3.dynamodb.conditions import Key


@dataclass(frozen=True)
class Dump:
    """Every item of both tables, by key."""

    streams: dict[str, dict[str, Any]]
    chunks: dict[tuple[str, str], dict[str, Any]]


class RawTable:
    def __init__(
        self,
        endpoint: str,
        streams: str = "VibestreamsMetadata",
        chunks: str = "VibestreamsChunks",
    ) -> None:
        self._streams, self._chunks = streams, chunks
        self._tables = boto3.resource(
            "dynamodb",
            endpoint_url=endpoint,
            region_name="us-east-1",
            aws_access_key_id="000000000000",
            aws_secret_access_key="local",
        )

    def summary(self, rta_id: str) -> dict[str, Any]:
        found = self._tables.Table(self._streams).get_item(
            Key={"rta_id": rta_id}, ConsistentRead=True
        )
        return dict(found["Item"])

    def rows(self, rta_id: str) -> list[dict[str, Any]]:
        found = self._tables.Table(self._chunks).query(
            KeyConditionExpression=Key("rta_id").eq(rta_id) & Key("chunk_key").begins_with("C#"),
            ConsistentRead=True,
        )
        assert "LastEvaluatedKey" not in found
        return list(found["Items"])

    def dump(self) -> Dump:
        return Dump(
            {str(item["rta_id"]): item for item in self._all(self._streams)},
            {
                (str(item["rta_id"]), str(item["chunk_key"])): item
                for item in self._all(self._chunks)
            },
        )

    def drop(self) -> None:
        for name in self.names():
            self._tables.Table(name).delete()
            self._tables.Table(name).wait_until_not_exists()

    def names(self) -> list[str]:
        own = (self._streams, self._chunks)
        return [table.name for table in self._tables.tables.all() if table.name in own]

    def _all(self, name: str) -> list[dict[str, Any]]:
        pages = self._tables.meta.client.get_paginator("scan").paginate(
            TableName=name, ConsistentRead=True
        )
        return [item for page in pages for item in page["Items"]]
