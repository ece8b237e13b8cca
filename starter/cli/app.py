"""The application: which commands there are, each loaded only when it is used or listed."""

from __future__ import annotations

from collections import UserDict
from collections.abc import Iterator
from importlib import import_module
from typing import Annotated, Any

import typer
from typer.core import TyperCommand, TyperGroup

from starter.cli.command import EnvFileOption, ending_well, unwrapped
from vibesflow import __version__
from vibesflow.settings import apply_env_file

COMMANDS: dict[str, str] = {
    "dev": "starter.cli.dev:dev",
    "demo": "starter.cli.demo:demo",
    "record": "starter.cli.record:record",
    "stream": "starter.cli.stream:stream",
    "status": "starter.cli.status:status",
    "list": "starter.cli.list_streams:list_streams",
    "complete": "starter.cli.complete:complete",
    "retry": "starter.cli.retry:retry",
    "audit": "starter.cli.audit:audit",
    "piece-cid": "starter.cli.piece_cid:piece_cid",
    "wallet": "starter.cli.wallet:wallet",
    "quote": "starter.cli.quote:quote",
    "fund": "starter.cli.fund:fund",
    "session-key create": "starter.cli.session_key:create",
    "session-key list": "starter.cli.session_key:list_keys",
    "session-key revoke": "starter.cli.session_key:revoke",
    "ticket create": "starter.cli.ticket:create",
    "setup": "starter.cli.setup:setup",
    "rebuild": "starter.cli.rebuild:rebuild",
    "devnet fault": "starter.cli.devnet:fault",
    "devnet heal": "starter.cli.devnet:heal",
    "devnet show": "starter.cli.devnet:show",
}
"""Command name to ``module:function``, in the order of the help page.

A command of a group is named by both words; its group is in `GROUPS`.
"""

GROUPS: dict[str, str] = {
    "session-key": "Keys that may sign for the wallet for a while.",
    "ticket": "What lets a recorder hand in chunks over HTTP.",
    "devnet": "Let things go wrong at the storage providers of a running devnet.",
}
"""Group name to what its help page says."""


class _LazyCommands(UserDict[str, Any]):
    """The commands by name; importing one costs up to a second, so each waits for its turn."""

    def __init__(self, group: str | None = None) -> None:
        super().__init__()
        self._prefix = f"{group} " if group else ""
        inside = [name.removeprefix(self._prefix) for name in COMMANDS if self._holds(name)]
        self._names = dict.fromkeys(name.partition(" ")[0] for name in inside)

    def __missing__(self, name: str) -> TyperCommand | TyperGroup:
        if name not in self:
            raise KeyError(name)
        full = f"{self._prefix}{name}"
        self.data[name] = loaded = _group(name) if full in GROUPS else _load(full)
        return loaded

    def __contains__(self, name: object) -> bool:
        return name in self._names

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def __len__(self) -> int:
        return len(self._names)

    def _holds(self, name: str) -> bool:
        return name.startswith(self._prefix)


class _Commands(TyperGroup):
    def __init__(self, **attributes: Any) -> None:
        super().__init__(**{**attributes, "commands": None})
        self.commands = _LazyCommands()


def _group(name: str) -> TyperGroup:
    made = TyperGroup(
        name=name, help=GROUPS[name], no_args_is_help=True, rich_markup_mode="rich", commands={}
    )
    made.commands = _LazyCommands(name)
    return made


def _load(name: str) -> TyperCommand:
    module, _, function = COMMANDS[name].partition(":")
    holder = typer.Typer(add_completion=False)
    holder.command(name.rpartition(" ")[2])(getattr(import_module(module), function))
    loaded = typer.main.get_command(holder)
    if not isinstance(loaded, TyperCommand):
        raise TypeError(f"{COMMANDS[name]} is not one command")
    return loaded


app = typer.Typer(
    cls=_Commands,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _print_version(asked: bool) -> None:
    if asked:
        typer.echo(f"vibesflow {__version__}")
        raise typer.Exit


@app.callback(
    help=unwrapped("""
    A durable archive for live audio: every chunk on Filecoin, whatever crashes on the way.

    Try it: [bold]vibesflow demo[/bold]. Your own audio, live from a pipe:
    [bold]arecord -q -f cd | vibesflow record -[/bold]
    """),
    epilog="Exit codes: 0 done, 1 bug, 2 usage, 3 settings, 4 input, 5 conflict, 6 not found, "
    "7 dependency down, 8 incomplete, 130 interrupted. See docs/cli.md.",
)
def _vibesflow(
    _version: Annotated[
        bool,
        typer.Option(
            "--version", callback=_print_version, is_eager=True, help="Print the version."
        ),
    ] = False,
    env_file: EnvFileOption = None,
) -> None:
    if env_file is not None:
        with ending_well():
            apply_env_file(env_file)
