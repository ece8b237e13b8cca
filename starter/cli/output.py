"""Where a command's words go: results to stdout, everything else to stderr."""

from __future__ import annotations

import json
import sys

from pydantic import JsonValue
from rich.console import Console, RenderableType
from rich.progress import Progress, ProgressColumn
from rich.text import Text

from vibesflow.errors import VibesflowError

_PIPE_COLUMNS = 240
"""Width of tables that go into a file or pipe, where no terminal sets one."""


class Output:
    """Speaks to a person through rich, or to a program as exactly one JSON document."""

    def __init__(self, *, as_json: bool) -> None:
        self.as_json = as_json
        width = None if sys.stdout.isatty() else _PIPE_COLUMNS
        self._people = Console(file=sys.stdout, highlight=False, quiet=as_json, width=width)
        self._aside = Console(file=sys.stderr, highlight=False, quiet=as_json)

    def result(self, document: JsonValue, view: RenderableType) -> None:
        """Give the command's one result: the document to a program, the view to a person."""
        if self.as_json:
            sys.stdout.write(json.dumps(document, ensure_ascii=False) + "\n")
            sys.stdout.flush()
        else:
            self._people.print(view)

    def plain_result(self, document: JsonValue, line: str) -> None:
        """Give the one result as a line to be copied, which no width may break."""
        if self.as_json:
            self.result(document, line)
        else:
            sys.stdout.write(f"{line}\n")
            sys.stdout.flush()

    def say(self, view: RenderableType) -> None:
        """Tell a person something on stdout before the result; a program does not see it."""
        self._people.print(view)

    def aside(self, view: RenderableType) -> None:
        """Tell a person something on stderr that is no part of the result."""
        self._aside.print(view)

    def progress(self, *columns: ProgressColumn) -> Progress:
        """Return a progress display on stderr; it stays silent for programs and in pipes."""
        shown = self._aside.is_terminal and not self.as_json
        return Progress(*columns, console=self._aside, transient=True, disable=not shown)


def complain(error: VibesflowError) -> None:
    """Print what happened and what to do about it: two lines on stderr."""
    _print_fault(f"{error.message} [{error.code}]", error.advice)


def complain_of_bug(error: Exception) -> None:
    """Print an error that nobody foresaw, without its traceback."""
    what = f"unexpected {type(error).__name__}: {error}"
    _print_fault(what, "Run it again with --debug and report the traceback.")


def complain_of_interruption() -> None:
    """Say that the person stopped the command."""
    _print_fault("interrupted", "What was acknowledged is safe; the stream's window closes it.")


def _print_fault(what: str, advice: str) -> None:
    console = Console(file=sys.stderr, highlight=False, soft_wrap=True)
    console.print(Text.assemble(("Error: ", "bold red"), what))
    console.print(Text.assemble(("Advice: ", "bold"), advice))
