"""Faults on the way to the bucket, made in the client's own event hooks."""

from __future__ import annotations

import asyncio
import io
from collections.abc import Callable

import pytest
from botocore.awsrequest import AWSPreparedRequest, AWSResponse
from botocore.exceptions import ReadTimeoutError
from botocore.httpsession import URLLib3Session
from botocore.response import StreamingBody
from mypy_boto3_s3 import S3Client

from tests.staging.audio import audio, digest, get, held, put
from vibesflow.aws import open_client
from vibesflow.errors import StagedBytesCorrupt, StagingDown
from vibesflow.settings import StagingSettings
from vibesflow.staging import FileStaging, S3Staging, Staged, open_staging

KEY = "rta_1/0000000000001-00000001-0"
Hook = Callable[..., AWSResponse | None]


@pytest.fixture
def client(s3_settings: StagingSettings) -> S3Client:
    return open_client("s3", endpoint=s3_settings.s3_endpoint, region="us-east-1", read_timeout_s=5)


@pytest.fixture
async def staging(client: S3Client, s3_settings: StagingSettings) -> S3Staging:
    found = S3Staging(client, bucket_of(s3_settings), "some/prefix")
    await found.create_bucket()
    return found


def bucket_of(settings: StagingSettings) -> str:
    return settings.url.removeprefix("s3://").split("/")[0]


def answer(request: AWSPreparedRequest, status: int, code: str) -> AWSResponse:
    error = f"<Error><Code>{code}</Code><Message>made up</Message></Error>"
    return page(request, status, error.encode())


def page(request: AWSPreparedRequest, status: int, body: bytes) -> AWSResponse:
    raw = io.BytesIO(body)
    raw.stream = lambda *_args, **_kwargs: iter([body])  # type: ignore[attr-defined]
    return AWSResponse(request.url, status, {"content-type": "application/xml"}, raw)


async def test_a_lost_answer_does_not_hide_who_created(
    staging: S3Staging, client: S3Client
) -> None:
    lost: list[str] = []

    def lose_the_first(request: AWSPreparedRequest, **_: object) -> None:
        if not lost:
            lost.append(request.url)
            URLLib3Session().send(request)
            raise ReadTimeoutError(endpoint_url=request.url)

    client.meta.events.register("before-send.s3.PutObject", lose_the_first)
    assert await put(staging, KEY, audio(1)) == Staged(1_000, digest(audio(1)), created=True)
    assert lost
    assert not (await put(staging, KEY, audio(1))).created


async def test_a_write_that_meets_another_is_tried_again(
    staging: S3Staging, client: S3Client
) -> None:
    met: list[str] = []

    def conflict_twice(request: AWSPreparedRequest, **_: object) -> AWSResponse | None:
        if len(met) < 2:
            met.append(request.url)
            return answer(request, 409, "ConditionalRequestConflict")
        return None

    client.meta.events.register("before-send.s3.PutObject", conflict_twice)
    assert (await put(staging, KEY, audio(1))).created
    assert await get(staging, KEY) == audio(1)


async def test_a_bucket_of_more_than_one_page(staging: S3Staging, client: S3Client) -> None:
    def three_a_page(params: dict[str, object], **_: object) -> None:
        params["MaxKeys"] = 3

    client.meta.events.register("before-parameter-build.s3.ListObjectsV2", three_a_page)
    keys = [f"rta_{n % 2}/{n}" for n in range(10)]
    for key in keys:
        await put(staging, key, audio(1))
    await staging.release("rta_0/0")
    assert await held(staging) == sorted(keys)[1:]


async def test_an_answer_that_breaks_off_is_staging_down(
    staging: S3Staging, client: S3Client
) -> None:
    await put(staging, KEY, audio(1))

    def cut(parsed: dict[str, StreamingBody], **_: object) -> None:
        parsed["Body"] = StreamingBody(io.BytesIO(audio(1)[:400]), 1_000)

    client.meta.events.register("after-call.s3.GetObject", cut)
    with pytest.raises(StagingDown, match="IncompleteRead"):
        await get(staging, KEY)


async def test_nonsense_from_something_in_between_is_staging_down(
    staging: S3Staging, client: S3Client
) -> None:
    def log_in_first(request: AWSPreparedRequest, **_: object) -> AWSResponse:
        return page(request, 200, b"<html>please log in")

    client.meta.events.register("before-send.s3.ListObjectsV2", log_in_first)
    with pytest.raises(StagingDown):
        await held(staging)


async def test_a_key_that_changes_all_the_time_is_staging_down(
    staging: S3Staging, client: S3Client
) -> None:
    def lost(request: AWSPreparedRequest, **_: object) -> AWSResponse:
        return answer(request, 412, "PreconditionFailed")

    await put(staging, KEY, audio(1))
    client.meta.events.register("before-send.s3.PutObject", lost)
    with pytest.raises(StagingDown, match="changes"):
        await staging.release(KEY)


async def test_endless_conflicts_are_staging_down(staging: S3Staging, client: S3Client) -> None:
    def conflict(request: AWSPreparedRequest, **_: object) -> AWSResponse:
        return answer(request, 409, "ConditionalRequestConflict")

    client.meta.events.register("before-send.s3.PutObject", conflict)
    with pytest.raises(StagingDown):
        await put(staging, KEY, audio(1))


async def test_a_release_never_buries_what_came_after_it_looked(
    staging: S3Staging, client: S3Client, s3_settings: StagingSettings
) -> None:
    await put(staging, KEY, audio(1))
    rival = open_client(
        "s3", endpoint=s3_settings.s3_endpoint, region="us-east-1", read_timeout_s=5
    )
    looked: list[str] = []

    def swap_the_object(request: AWSPreparedRequest, **_: object) -> None:
        if not looked:
            looked.append(request.url)
            where = {"Bucket": bucket_of(s3_settings), "Key": f"some/prefix/{KEY}"}
            metadata = {"sha256": digest(audio(2)), "size": "1000", "writer": "rival"}
            rival.delete_object(**where)
            rival.put_object(**where, Body=audio(2), Metadata=metadata)

    client.meta.events.register("before-send.s3.PutObject", swap_the_object)
    await staging.release(KEY)
    known = await staging.stat(KEY)
    assert known == Staged(1_000, digest(audio(2)), released=True)


@pytest.mark.parametrize(("status", "code"), [(503, "SlowDown"), (403, "AccessDenied")])
async def test_refusals_are_staging_down_and_say_why(
    staging: S3Staging, client: S3Client, status: int, code: str
) -> None:
    await put(staging, KEY, audio(1))
    client.meta.events.register(
        "before-send.s3.*", lambda request, **_: answer(request, status, code)
    )
    raised = await asyncio.gather(
        put(staging, KEY, audio(1)),
        get(staging, KEY),
        staging.release(KEY),
        staging.discard(KEY),
        staging.check(),
        staging.create_bucket(),
        held(staging),
        return_exceptions=True,
    )
    assert [type(error) for error in raised] == [StagingDown] * 7
    assert code in str(raised[0])


async def test_an_unreachable_bucket_is_staging_down() -> None:
    staging = open_staging(
        StagingSettings(url="s3://nowhere/prefix", s3_endpoint="http://127.0.0.1:9")
    )
    with pytest.raises(StagingDown):
        await staging.check()
    with pytest.raises(StagingDown):
        await put(staging, KEY, audio(1))


async def test_a_bucket_that_is_not_there_is_staging_down(s3_settings: StagingSettings) -> None:
    with pytest.raises(StagingDown, match="NoSuchBucket"):
        await put(open_staging(s3_settings), KEY, audio(1))


async def test_an_object_of_somebody_else_is_not_taken_for_a_chunk(
    staging: S3Staging, client: S3Client, s3_settings: StagingSettings
) -> None:
    client.put_object(Bucket=bucket_of(s3_settings), Key=f"some/prefix/{KEY}", Body=audio(1))
    with pytest.raises(StagedBytesCorrupt):
        await staging.stat(KEY)


async def test_creating_the_bucket_again_is_no_error(staging: S3Staging) -> None:
    await staging.create_bucket()


async def test_the_setting_chooses(s3_settings: StagingSettings) -> None:
    assert isinstance(open_staging(s3_settings), S3Staging)
    assert isinstance(open_staging(StagingSettings(url="file:///somewhere")), FileStaging)
