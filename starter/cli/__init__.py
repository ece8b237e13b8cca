"""The ``vibesflow`` command line; every command is described in ``docs/cli.md``."""

from __future__ import annotations

from starter.cli.app import app
from starter.cli.leaving import settle_before_exit

__all__ = ["app", "main"]


def main() -> None:
    """Run the command line on this process's arguments and exit with a documented code."""
    try:
        app(prog_name="vibesflow")
    finally:
        settle_before_exit()
