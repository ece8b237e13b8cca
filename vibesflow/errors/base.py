"""The root of all errors raised on purpose, and what can be done about each."""

from __future__ import annotations

from enum import StrEnum
from typing import ClassVar


class RetryClass(StrEnum):
    """What to do about an error."""

    RETRY = "retry"
    """Try the same thing again after a growing pause."""
    WAIT = "wait"
    """Nothing is wrong; ask again after ``retry_after_s``."""
    REPLACE = "replace"
    """This provider will not do; exclude it and take another."""
    FATAL = "fatal"
    """Repeating cannot help; park the work, or tell the caller."""


class VibesflowError(Exception):
    """Base of all errors raised on purpose; its own code marks what nobody foresaw.

    Attributes:
        code: stable identifier, snake case, documented in ``docs/errors.md``.
        retry: what to do about it.
        http_status: the status an HTTP caller gets.
        advice: one line that tells a person what to do next.
        retry_after_s: seconds to wait before asking again, when somebody told us.
    """

    code: ClassVar[str] = "internal"
    retry: ClassVar[RetryClass] = RetryClass.FATAL
    http_status: ClassVar[int] = 500
    advice: ClassVar[str] = "This is a bug; please report it with the log lines around it."

    def __init__(self, message: str, *, retry_after_s: float | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.retry_after_s = retry_after_s


def all_errors() -> tuple[type[VibesflowError], ...]:
    """Return every error class of the tree, the base first, in the order of definition."""
    found: list[type[VibesflowError]] = [VibesflowError]
    for cls in found:
        found.extend(cls.__subclasses__())
    return tuple(found)
