import json
import re
import sys
from importlib import import_module
from pathlib import Path

import pytest
import typer

from starter.cli import app, leaving
from starter.cli.app import COMMANDS, GROUPS
from starter.cli.command import command
from starter.cli.exits import ExitCode, exit_code_of
from starter.cli.output import Output
from tests.starter.terminal import CommandLine, words
from vibesflow import __version__, errors

DOCUMENT = Path(__file__).parents[2].joinpath("docs", "cli.md").read_text(encoding="utf-8")


@pytest.fixture
def alone():
    """The command line without any settings."""
    return CommandLine({})


def one_command(function) -> typer.Typer:
    made = typer.Typer(add_completion=False)
    made.command()(command(function))
    return made


def loaded(name: str) -> typer.core.TyperCommand:
    """The command of one or two words, as the application holds it."""
    found = typer.main.get_command(app)
    for word in name.split():
        found = found.get_command(typer.Context(found), word)
    return found


def run(function, *arguments: str):
    from typer.testing import CliRunner

    return CliRunner().invoke(one_command(function), arguments)


def test_help_names_every_command_and_exit_code(alone):
    text = words(alone("--help").output)
    for name in COMMANDS:
        assert f" {name.partition(' ')[0]} " in text
    for code in ExitCode:
        assert re.search(rf"\b{code.value} ", text)


@pytest.mark.parametrize("group", GROUPS)
def test_help_of_a_group_names_its_commands(alone, group):
    text = words(alone(group, "--help").output)
    inside = [name for name in COMMANDS if name.startswith(f"{group} ")]
    assert inside
    for name in inside:
        assert f" {name.removeprefix(f'{group} ')} " in text
    assert GROUPS[group] in text


def test_a_command_of_two_words_has_a_group():
    assert {name.partition(" ")[0] for name in COMMANDS if " " in name} == set(GROUPS)


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_help_with_an_example_and_the_shared_options(alone, name):
    result = alone(*name.split(), "--help")
    assert result.exit_code == 0
    text = words(result.output)
    assert "Examples" in text
    assert f"vibesflow {name}" in text.partition("Examples")[2]
    for option in ("--json", "--env-file", "--debug"):
        assert option in text


@pytest.mark.parametrize("name", COMMANDS)
def test_every_option_of_every_command_says_what_it_does(name):
    for parameter in loaded(name).params:
        assert getattr(parameter, "help", None), f"{name}: {parameter.name}"


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_is_documented(name):
    assert f"## `vibesflow {name}" in DOCUMENT


@pytest.mark.parametrize("name", COMMANDS)
def test_every_option_is_documented(name):
    section = DOCUMENT.split(f"## `vibesflow {name}", 1)[1].split("\n## ", 1)[0]
    shared = DOCUMENT.split("## Options that every command has", 1)[1].split("\n## ", 1)[0]
    for parameter in loaded(name).params:
        for option in [spelled for spelled in parameter.opts if spelled.startswith("--")]:
            assert f"`{option}" in section or f"`{option}" in shared, f"{name} {option}"


@pytest.mark.parametrize("code", ExitCode)
def test_every_exit_code_is_documented(code):
    assert f"| {code.value} | `{code.name.lower()}` |" in DOCUMENT


def test_no_other_command_is_documented():
    assert set(re.findall(r"^## `vibesflow ([a-z][a-z -]*[a-z])", DOCUMENT, re.MULTILINE)) == set(
        COMMANDS
    )


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (errors.InvalidAudio("x"), 4),
        (errors.ChunkConflict("x"), 5),
        (errors.StreamNotFound("x"), 6),
        (errors.NothingToComplete("x"), 8),
        (errors.SettingsInvalid("x"), 3),
        (errors.TemporalDown("x"), 7),
        (errors.TableThrottled("x"), 7),
        (errors.WorkIncomplete("x"), 8),
        (errors.LedgerRejected("x"), 8),
        (KeyboardInterrupt(), 130),
        (ValueError("x"), 1),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, BaseException) else str(value),
)
def test_errors_lead_to_their_exit_code(error, code):
    assert exit_code_of(error) == code

    def failing(out: Output) -> None:
        raise error

    assert run(failing).exit_code == code


@pytest.mark.parametrize("kind", errors.all_errors())
def test_no_error_on_purpose_counts_as_a_bug(kind):
    assert exit_code_of(kind.__new__(kind)) in set(ExitCode) - {
        ExitCode.OK,
        ExitCode.BUG,
        ExitCode.USAGE,
    }


def test_an_error_is_two_lines_on_stderr():
    def failing(out: Output) -> None:
        raise errors.StagingDown("staging [s3] cannot be written " + "x" * 200)

    result = run(failing)
    assert result.stdout == ""
    what, advice = result.stderr.splitlines()
    assert what == f"Error: staging [s3] cannot be written {'x' * 200} [staging_down]"
    assert advice == f"Advice: {errors.StagingDown.advice}"


def test_a_bug_is_two_lines_and_its_traceback_needs_debug():
    def failing(out: Output) -> None:
        raise ValueError("nobody foresaw this")

    quiet, loud = run(failing), run(failing, "--debug")
    assert quiet.stderr.splitlines()[0] == "Error: unexpected ValueError: nobody foresaw this"
    assert "--debug" in quiet.stderr.splitlines()[1]
    assert "Traceback" not in quiet.stderr
    assert "Traceback" in loud.stderr
    assert loud.exit_code == quiet.exit_code == 1


def test_with_json_stdout_holds_one_document_and_nothing_else():
    async def speaking(out: Output) -> None:
        out.say("for people")
        out.aside("for people")
        with out.progress() as progress:
            progress.add_task("for people")
        out.result({"answer": [1, "ä"]}, "the answer")

    result = run(speaking, "--json")
    assert json.loads(result.stdout) == {"answer": [1, "ä"]}
    assert result.stdout.count("\n") == 1
    assert result.stderr == ""
    assert run(speaking).stdout == "for people\nthe answer\n"


def test_a_wrong_command_line_is_told_on_stderr(alone):
    for arguments in (
        ["record"],
        ["status", "--nope", "x"],
        ["list", "--limit", "0"],
        ["pice-cid"],
    ):
        result = alone(*arguments)
        assert result.exit_code == ExitCode.USAGE
        assert result.stdout == ""
        assert result.stderr
    assert "Did you mean 'piece-cid'" in words(result.stderr)


def test_missing_settings_end_a_command_with_all_faults(alone, monkeypatch):
    result = CommandLine({"VIBESFLOW_NETWORK": "venus", "VIBESFLOW_STAGING_URL": "ftp://x"})("list")
    assert result.exit_code == ExitCode.SETTINGS
    assert "VIBESFLOW_NETWORK" in result.stderr
    assert "VIBESFLOW_STAGING_URL" in result.stderr
    assert "docs/configuration.md" in result.stderr


def test_version(alone):
    assert alone("--version").stdout == f"vibesflow {__version__}\n"


@pytest.mark.parametrize("target", COMMANDS.values())
def test_every_command_can_be_loaded(target):
    module, _, function = target.partition(":")
    assert callable(getattr(import_module(module), function))


def test_the_process_pauses_before_it_exits_if_temporal_was_used(monkeypatch):
    slept = []
    monkeypatch.setattr(leaving.time, "sleep", slept.append)
    monkeypatch.setitem(sys.modules, leaving.TEMPORAL_CORE, sys)
    leaving.settle_before_exit()
    monkeypatch.delitem(sys.modules, leaving.TEMPORAL_CORE)
    leaving.settle_before_exit()
    assert slept == [0.2]


def test_temporals_core_is_called_what_we_look_for():
    import_module("temporalio.client")
    assert leaving.TEMPORAL_CORE in sys.modules
