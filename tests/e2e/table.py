"""The table, looked at with boto3 alone."""

from __future__ import annotations

from typing import Any

import boto3
from boto3.dynamodb.conditions import Key


class RawTable:
    def __init__(self, endpoint: str) -> None:
        self._tables = boto3.resource(
            "dynamodb",
            endpoint_url=endpoint,
            region_name="us-east-1",
            aws_access_key_id="000000000000",
            aws_secret_access_key="local",
        )

    def summary(self, rta_id: str) -> dict[str, Any]:
        found = self._tables.Table("VibestreamsMetadata").get_item(
            Key={"rta_id": rta_id}, ConsistentRead=True
        )
        return dict(found["Item"])

    def rows(self, rta_id: str) -> list[dict[str, Any]]:
        found = self._tables.Table("VibestreamsChunks").query(
            KeyConditionExpression=Key("rta_id").eq(rta_id) & Key("chunk_key").begins_with("C#"),
            ConsistentRead=True,
        )
        assert "LastEvaluatedKey" not in found
        return list(found["Items"])
