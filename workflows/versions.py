"""Which build of the worker a run goes on with when it continues as new."""

from __future__ import annotations

from temporalio import workflow
from temporalio.workflow import ContinueAsNewVersioningBehavior

_SETTLED_EVENTS = 50
"""A run that has just begun is on the newest build already, or was held back on purpose."""


def successor() -> ContinueAsNewVersioningBehavior | None:
    """Return that the next run begins on the current build, if builds are told apart at all."""
    build = workflow.info().get_current_deployment_version()
    if build is None or not build.deployment_name:
        return None
    return ContinueAsNewVersioningBehavior.AUTO_UPGRADE


def newer_build_waits() -> bool:
    """Tell whether a run that would live on for long had better begin anew on the current build."""
    info = workflow.info()
    return (
        info.is_target_worker_deployment_version_changed()
        and info.get_current_history_length() >= _SETTLED_EVENTS
    )
