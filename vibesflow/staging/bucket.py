"""The requests that S3 staging sends, one method each; all of them block."""

from __future__ import annotations

import base64
import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

from botocore.exceptions import ClientError

from vibesflow.aws import AWS_FAILURES, AwsFailure, describe, error_code
from vibesflow.errors import StagedBytesCorrupt, StagingDown
from vibesflow.staging.keys import is_key
from vibesflow.staging.port import Staged, StagedEntry, StagedPage
from vibesflow.staging.spool import Spool

if TYPE_CHECKING:
    from botocore.response import StreamingBody
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_s3.literals import BucketLocationConstraintType
    from mypy_boto3_s3.type_defs import HeadObjectOutputTypeDef

_OBJECTS_A_PAGE = 1_000
"""As many as S3 lists at once."""
_ABSENT = frozenset({"404", "NoSuchKey", "NotFound"})
_BEATEN = frozenset({"412", "PreconditionFailed", "409", "ConditionalRequestConflict"})


@dataclass(frozen=True, slots=True)
class Entry:
    """An object as its head tells: what staging knows, who wrote it, which version it is."""

    staged: Staged
    writer: str
    etag: str


@dataclass(frozen=True, slots=True)
class KeyPage:
    """Keys of objects that hold bytes, and the token of the next page."""

    keys: tuple[str, ...]
    next_token: str | None


class Bucket:
    """A bucket and the prefix below which the keys live."""

    def __init__(self, client: S3Client, name: str, prefix: str) -> None:
        self._client = client
        self._name = name
        self._prefix = f"{prefix}/" if prefix else ""

    def put_new(self, key: str, spool: Spool, writer: str) -> bool:
        """Create the object if there is none; return whether this call is known to have done so."""
        checksum = base64.b64encode(bytes.fromhex(spool.sha256)).decode()
        with _bucket_errors(), spool.path.open("rb") as body:
            try:
                self._client.put_object(
                    Bucket=self._name,
                    Key=self._prefix + key,
                    Body=body,
                    IfNoneMatch="*",
                    ChecksumSHA256=checksum,
                    Metadata={"sha256": spool.sha256, "size": str(spool.size), "writer": writer},
                )
            except ClientError as error:
                if error_code(error) in _BEATEN:
                    return False
                raise
        return True

    def bury(self, key: str, entry: Entry) -> bool:
        """Empty the object if it is still the given one, keeping its digest."""
        with _bucket_errors():
            try:
                self._client.put_object(
                    Bucket=self._name,
                    Key=self._prefix + key,
                    Body=b"",
                    IfMatch=entry.etag,
                    Metadata={
                        "sha256": entry.staged.sha256,
                        "size": str(entry.staged.size),
                        "writer": entry.writer,
                    },
                )
            except ClientError as error:
                if error_code(error) in _BEATEN | _ABSENT:
                    return False
                raise
        return True

    def head(self, key: str) -> Entry | None:
        """Return what is known of the object, or None if there is none."""
        with _bucket_errors():
            try:
                answer = self._client.head_object(Bucket=self._name, Key=self._prefix + key)
            except ClientError as error:
                if error_code(error) in _ABSENT:
                    return None
                raise
        return _entry(key, answer)

    def open_held(self, key: str) -> StreamingBody | None:
        """Open the object's bytes; None if it is absent or empty."""
        with _bucket_errors():
            try:
                answer = self._client.get_object(Bucket=self._name, Key=self._prefix + key)
            except ClientError as error:
                if error_code(error) in _ABSENT:
                    return None
                raise
        if answer["ContentLength"]:
            return answer["Body"]
        answer["Body"].close()
        return None

    def delete(self, key: str) -> None:
        """Delete the object if it is there."""
        with _bucket_errors():
            self._client.delete_object(Bucket=self._name, Key=self._prefix + key)

    def list_held(self, rta_id: str | None, token: str | None) -> KeyPage:
        """Return a page of keys of one stream, or of all."""
        below = self._prefix if rta_id is None else f"{self._prefix}{rta_id}/"
        with _bucket_errors():
            if token is None:
                answer = self._client.list_objects_v2(Bucket=self._name, Prefix=below)
            else:
                answer = self._client.list_objects_v2(
                    Bucket=self._name, Prefix=below, ContinuationToken=token
                )
        found = [entry for entry in answer.get("Contents", []) if entry.get("Size")]
        keys = tuple(entry["Key"].removeprefix(self._prefix) for entry in found)
        return KeyPage(keys, answer.get("NextContinuationToken"))

    def list_behind(self, rta_id: str | None, after: str | None, limit: int) -> StagedPage:
        """Return the keys with bytes among the next so many objects behind a key."""
        below = self._prefix if rta_id is None else f"{self._prefix}{rta_id}/"
        with _bucket_errors():
            answer = self._client.list_objects_v2(
                Bucket=self._name,
                Prefix=below,
                StartAfter=self._prefix + after if after else "",
                MaxKeys=min(limit, _OBJECTS_A_PAGE),
            )
        objects = answer.get("Contents", [])
        entries = [
            StagedEntry(entry["Key"].removeprefix(self._prefix), entry["LastModified"].timestamp())
            for entry in objects
            if entry.get("Size")
        ]
        last = objects[-1]["Key"].removeprefix(self._prefix) if objects else None
        return StagedPage(
            tuple(entry for entry in entries if is_key(entry.key)),
            last if answer.get("IsTruncated") else None,
        )

    def create(self) -> None:
        """Create the bucket unless it is there already."""
        with _bucket_errors():
            try:
                self._client.head_bucket(Bucket=self._name)
            except ClientError as error:
                if error_code(error) not in _ABSENT:
                    raise
                self._create()

    def probe(self) -> None:
        """Write an empty object under a name that no key can have."""
        with _bucket_errors():
            self._client.put_object(Bucket=self._name, Key=f"{self._prefix}.check", Body=b"")

    def _create(self) -> None:
        region = self._client.meta.region_name
        if region == "us-east-1":
            self._client.create_bucket(Bucket=self._name)
        else:
            place = cast("BucketLocationConstraintType", region)
            self._client.create_bucket(
                Bucket=self._name, CreateBucketConfiguration={"LocationConstraint": place}
            )


def staging_down(error: AwsFailure) -> StagingDown:
    """Say in our words that the bucket did not do as asked."""
    return StagingDown(f"staging bucket: {describe(error)}")


@contextlib.contextmanager
def _bucket_errors() -> Iterator[None]:
    try:
        yield
    except AWS_FAILURES as error:
        raise staging_down(error) from error


def _entry(key: str, answer: HeadObjectOutputTypeDef) -> Entry:
    metadata = answer["Metadata"]
    sha256, size, writer = (metadata.get(name) for name in ("sha256", "size", "writer"))
    if sha256 is None or size is None or writer is None:
        raise StagedBytesCorrupt(f"the object of {key} was not written by staging")
    staged = Staged(int(size), sha256, released=answer["ContentLength"] == 0)
    return Entry(staged, writer, answer["ETag"])
