"""The pinning service answered, and the answer is a problem."""

from __future__ import annotations

from vibesflow.errors.base import VibesflowError


class PinningFault(VibesflowError):
    """The second home of chunks that Filecoin does not take yet will not do."""

    code = "pinning_fault"
    http_status = 502
    advice = "The chunk's bytes are kept in staging; storing it on Filecoin goes on."


class PinningRefused(PinningFault):
    """The pinning service does not let us in, or takes no such file."""

    code = "pinning_refused"
    advice = "Check VIBESFLOW_PINNING_TOKEN and the plan's limits; the bytes are kept in staging."


class PinningLied(PinningFault):
    """The pinning service names a CID that is not that of the bytes."""

    code = "pinning_lied"
    advice = "Nothing relies on that pin; look at the service before you trust it again."
