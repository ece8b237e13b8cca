"""What stops a process or a command of ours."""

from __future__ import annotations

from vibesflow.errors.base import RetryClass, VibesflowError


class SettingsInvalid(VibesflowError):
    """Settings are missing or wrong; the message lists every fault."""

    code = "settings_invalid"
    advice = "See docs/configuration.md for every setting, its default and its meaning."


class WorkIncomplete(VibesflowError):
    """The work ran to its end and fell short of what was asked for."""

    code = "incomplete"
    advice = "`vibesflow status` names what is missing or failed; `vibesflow retry` tries it again."


class Overloaded(VibesflowError):
    """More comes in at once than this process can hold."""

    code = "overloaded"
    retry = RetryClass.RETRY
    http_status = 503
    advice = "Try again in a moment; nothing was acknowledged. Raw audio bodies have no such limit."
