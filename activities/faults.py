"""From our errors to what Temporal does about them: the one place that decides on retry."""

from __future__ import annotations

from datetime import timedelta

from temporalio.exceptions import ApplicationError, ApplicationErrorCategory
from temporalio.worker import (
    ActivityInboundInterceptor,
    ExecuteActivityInput,
    Interceptor,
)

from vibesflow.errors import RetryClass, VibesflowError


def to_application_error(error: VibesflowError) -> ApplicationError:
    """Translate by retry class: the code becomes the type, "not yet" becomes benign.

    ``REPLACE`` is final here: an activity that can take another provider has done so itself.
    """
    waiting = error.retry is RetryClass.WAIT
    delay = error.retry_after_s
    return ApplicationError(
        error.message,
        type=error.code,
        non_retryable=error.retry in (RetryClass.FATAL, RetryClass.REPLACE),
        next_retry_delay=timedelta(seconds=delay) if delay is not None else None,
        category=(
            ApplicationErrorCategory.BENIGN if waiting else ApplicationErrorCategory.UNSPECIFIED
        ),
    )


class FaultInterceptor(Interceptor):
    """Translates every `VibesflowError` that leaves an activity."""

    def intercept_activity(self, next: ActivityInboundInterceptor) -> ActivityInboundInterceptor:  # noqa: A002 - the SDK's name
        """Put the translation around each activity."""
        return _Translating(next)


class _Translating(ActivityInboundInterceptor):
    async def execute_activity(self, input: ExecuteActivityInput) -> object:  # noqa: A002 - the SDK's name
        try:
            return await super().execute_activity(input)
        except VibesflowError as error:
            raise to_application_error(error) from error
