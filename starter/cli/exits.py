"""Exit codes of the command line, and which error leads to which."""

from __future__ import annotations

from enum import IntEnum

from vibesflow.errors import (
    Conflict,
    DependencyDown,
    InvalidInput,
    NotFound,
    NothingToComplete,
    SettingsInvalid,
    VibesflowError,
)


class ExitCode(IntEnum):
    """What a command's exit code says; documented in ``docs/cli.md``."""

    OK = 0
    """Everything that was asked for is done."""
    BUG = 1
    """Something unexpected; run again with --debug and report it."""
    USAGE = 2
    """The command line itself is wrong; see --help."""
    SETTINGS = 3
    """Settings are missing or wrong; all faults are listed."""
    INPUT = 4
    """A file, id or other input cannot be used as it is."""
    CONFLICT = 5
    """It contradicts something that already stands."""
    NOT_FOUND = 6
    """What was named does not exist."""
    DEPENDENCY_DOWN = 7
    """Temporal, the table, staging, the chain or a provider does not answer."""
    INCOMPLETE = 8
    """The command ran, and the result falls short of what was asked for."""
    INTERRUPTED = 130
    """Stopped by Ctrl-C."""


_CODES: tuple[tuple[type[VibesflowError], ExitCode], ...] = (
    (NothingToComplete, ExitCode.INCOMPLETE),
    (NotFound, ExitCode.NOT_FOUND),
    (InvalidInput, ExitCode.INPUT),
    (Conflict, ExitCode.CONFLICT),
    (SettingsInvalid, ExitCode.SETTINGS),
    (DependencyDown, ExitCode.DEPENDENCY_DOWN),
    (VibesflowError, ExitCode.INCOMPLETE),
)


def exit_code_of(error: BaseException) -> ExitCode:
    """Return the exit code of an error: the first class in the table that fits."""
    if isinstance(error, KeyboardInterrupt):
        return ExitCode.INTERRUPTED
    for kind, code in _CODES:
        if isinstance(error, kind):
            return code
    return ExitCode.BUG
