"""What all commands share: ``--json``, ``--env-file``, ``--debug`` and how errors end them."""

from __future__ import annotations

import asyncio
import inspect
import traceback
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

from starter.cli.exits import ExitCode, exit_code_of
from starter.cli.output import Output, complain, complain_of_bug, complain_of_interruption
from vibesflow.errors import VibesflowError
from vibesflow.settings import apply_env_file

_PANEL = "Every command"

JsonOption = Annotated[
    bool,
    typer.Option(
        "--json", help="Print one JSON document and nothing else.", rich_help_panel=_PANEL
    ),
]
EnvFileOption = Annotated[
    Path | None,
    typer.Option(
        "--env-file",
        metavar="FILE",
        help="Read settings (KEY=VALUE lines) from this file; they win over the environment.",
        rich_help_panel=_PANEL,
    ),
]
DebugOption = Annotated[
    bool, typer.Option("--debug", help="Show tracebacks.", rich_help_panel=_PANEL)
]

_SHARED: tuple[tuple[str, object, object], ...] = (
    ("as_json", JsonOption, False),
    ("env_file", EnvFileOption, None),
    ("debug", DebugOption, False),
)


def command(function: Callable[..., Coroutine[object, object, None] | None]) -> Callable[..., None]:
    """Make a command of a function, plain or async, whose first parameter is its `Output`.

    The command gains the shared options. Errors of `vibesflow.errors` end it with two lines on
    stderr and the code of `starter.cli.exits`; anything else counts as a bug.
    """

    def run(*, as_json: bool, env_file: Path | None, debug: bool, **arguments: object) -> None:
        with ending_well(debug=debug):
            if env_file is not None:
                apply_env_file(env_file)
            outcome = function(Output(as_json=as_json), **arguments)
            if inspect.iscoroutine(outcome):
                asyncio.run(outcome)

    run.__name__ = function.__name__
    run.__doc__ = unwrapped(inspect.getdoc(function) or "")
    run.__signature__ = _with_shared_options(function)  # type: ignore[attr-defined]  # read by inspect
    run.__annotations__ = {}
    return run


def unwrapped(text: str) -> str:
    """Make each paragraph one line: the terminal's width breaks it, not the source's."""
    return "\n\n".join(" ".join(paragraph.split()) for paragraph in text.split("\n\n"))


def _with_shared_options(function: Callable[..., object]) -> inspect.Signature:
    signature = inspect.signature(function, eval_str=True)
    _output, *own = signature.parameters.values()
    shared = [
        inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=kind)
        for name, kind, default in _SHARED
    ]
    return signature.replace(parameters=[*own, *shared], return_annotation=None)


@contextmanager
def ending_well(*, debug: bool = False) -> Iterator[None]:
    """Turn errors into two lines on stderr and a documented exit code."""
    try:
        yield
    except (typer.Exit, typer.Abort, typer.BadParameter):
        raise
    except KeyboardInterrupt as error:
        complain_of_interruption()
        raise typer.Exit(exit_code_of(error)) from error
    except VibesflowError as error:
        _show_traceback(debug)
        complain(error)
        raise typer.Exit(exit_code_of(error)) from error
    except BrokenPipeError:
        raise
    except Exception as error:
        _show_traceback(debug)
        complain_of_bug(error)
        raise typer.Exit(ExitCode.BUG) from error


def _show_traceback(debug: bool) -> None:
    if debug:
        traceback.print_exc()
