"""Faults of the table, made in the client's own event hooks; botocore's retries run as in life."""

from __future__ import annotations

import io
import json
import random
import threading
from collections.abc import Callable

from botocore.awsrequest import AWSPreparedRequest, AWSResponse
from botocore.exceptions import ReadTimeoutError
from botocore.httpsession import URLLib3Session
from mypy_boto3_dynamodb import DynamoDBClient

_PREFIX = "com.amazonaws.dynamodb.v20120810#"


def answer(request: AWSPreparedRequest, status: int, code: str, **more: object) -> AWSResponse:
    content = {"__type": _PREFIX + code, "message": "made up", **more}
    body = json.dumps(content).encode()
    raw = io.BytesIO(body)
    raw.stream = lambda *_args, **_kwargs: iter([body])  # type: ignore[attr-defined]
    headers = {"content-type": "application/x-amz-json-1.0", "x-amzn-requestid": "MADE-UP-ID"}
    return AWSResponse(request.url, status, headers, raw)


def conflict(request: AWSPreparedRequest) -> AWSResponse:
    actions = len(json.loads(request.body)["TransactItems"])
    reasons = [{"Code": "None"}] * (actions - 1) + [{"Code": "TransactionConflict"}]
    return answer(request, 400, "TransactionCanceledException", CancellationReasons=reasons)


def throttle(request: AWSPreparedRequest) -> AWSResponse:
    return answer(request, 400, "ProvisionedThroughputExceededException")


def lose_the_answer(request: AWSPreparedRequest) -> AWSResponse:
    URLLib3Session().send(request)
    raise ReadTimeoutError(endpoint_url=request.url)


Fault = Callable[[AWSPreparedRequest], AWSResponse]


class Faults:
    """Answers requests of one operation with a fault now and then, and counts them by name."""

    def __init__(
        self,
        client: DynamoDBClient,
        operation: str,
        shares: dict[Fault, float],
        *,
        at_most: int = 1_000_000,
    ) -> None:
        self._shares = shares
        self._left = at_most
        self._dice = random.Random(7)  # noqa: S311
        self._lock = threading.Lock()
        self.seen: dict[str, int] = {}
        client.meta.events.register(f"before-send.dynamodb.{operation}", self._strike)

    def _strike(self, request: AWSPreparedRequest, **_: object) -> AWSResponse | None:
        with self._lock:
            fault = self._choose()
            if fault is None:
                return None
            self.seen[fault.__name__] = self.seen.get(fault.__name__, 0) + 1
        return fault(request)

    def _choose(self) -> Fault | None:
        if self._left == 0:
            return None
        thrown = self._dice.random()
        for fault, share in self._shares.items():
            if thrown < share:
                self._left -= 1
                return fault
            thrown -= share
        return None
