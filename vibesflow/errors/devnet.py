"""What keeps the local world from running."""

from __future__ import annotations

from vibesflow.errors.base import VibesflowError


class DevnetFault(VibesflowError):
    """The embedded world of `vibesflow dev` did not come up, or a part of it fell."""

    code = "devnet_fault"
    advice = "See the part's log in the data folder; `make install` sets up every part."


class PortInUse(DevnetFault):
    """Another program listens on a port that the world needs."""

    code = "port_in_use"
    advice = "Stop the other program, or let the world choose free ports: --ports auto."


class DataDirBusy(DevnetFault):
    """Another world keeps its state in this folder."""

    code = "data_dir_busy"
    advice = "Stop the other world, or give this one a folder of its own: --data-dir."


class PartNotStarted(DevnetFault):
    """A part of the world ended or does not answer; the message ends with its log."""

    code = "part_not_started"
    advice = "See the log; `make install` sets up every program that the world starts."


class FaultsNotTaken(DevnetFault):
    """This storage provider has no switches for faults."""

    code = "faults_not_taken"
    advice = "Name a provider of `vibesflow dev`, or start yours with --admin."
