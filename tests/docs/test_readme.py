"""The README promises commands, files, settings and a program; all of them are there and work."""

import asyncio
import os
import re
import sys
from pathlib import Path

import httpx
import pytest

from starter.cli.app import COMMANDS
from tests.e2e.recorder import Recorder
from tests.fixtures.world import RunningWorld
from vibesflow.settings import Settings, variable

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text()
FIRST_SCREEN = "\n".join(README.splitlines()[:45])


def targets() -> set[str]:
    return set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), flags=re.MULTILINE))


def test_the_first_screen_shows_the_two_commands_and_what_the_demo_prints() -> None:
    assert "$ make demo" in FIRST_SCREEN
    assert "$ make test" in FIRST_SCREEN
    assert "8 of 8 chunks came back byte for byte" in FIRST_SCREEN


def test_every_make_target_in_it_exists() -> None:
    named = set(re.findall(r"(?:`|\$ )make ([a-z-]+)", README))
    assert named >= {"demo", "test", "dev", "install"}
    assert named <= targets()


def test_every_command_is_in_it_and_no_other() -> None:
    name = r"[a-z][a-z-]+"
    said = re.findall(rf"vibesflow(?: --env-file \S+)? (({name})(?: {name})?)", README)
    assert {one for pair in said for one in pair} & set(COMMANDS) == set(COMMANDS)


def test_every_setting_in_it_exists() -> None:
    known = {variable(group, name) for group in Settings.groups for name in group.model_fields}
    assert set(re.findall(r"VIBESFLOW_[A-Z_]+", README)) <= known


@pytest.mark.parametrize("target", re.findall(r"\]\(((?!http)[^)#]+)", README))
def test_every_link_leads_somewhere(target: str) -> None:
    assert (ROOT / target).exists()


def test_every_folder_on_the_map_exists() -> None:
    listed = README.split("## Where things are")[1].split("```")[1]
    names = [line.split()[0] for line in listed.strip().splitlines()]
    assert len(names) > 8
    for name in names:
        assert (ROOT / name).exists()


async def test_the_program_in_it_streams(world: RunningWorld, tmp_path: Path) -> None:
    program = re.findall(r"```python\n(.*?)```", README, flags=re.DOTALL)
    assert len(program) == 1
    async with httpx.AsyncClient(base_url=world.ready.api, trust_env=False) as door:
        recorder = Recorder(door, "readme", chunks=3, chunk_s=2.1)
        for number, chunk in enumerate(recorder.chunks):
            (tmp_path / f"chunk-{number}.webm").write_bytes(chunk.data)
        recorder.rta_id = (await run(program[0], world, tmp_path)).strip()
        status = await recorder.until_complete()
    assert (status["uploadedChunks"], status["failedChunks"]) == (3, 0)


async def run(program: str, world: RunningWorld, folder: Path) -> str:
    settings = Path(world.ready.env_file).read_text().splitlines()
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-c",
        program,
        stdout=asyncio.subprocess.PIPE,
        cwd=folder,
        env={**os.environ, **dict(line.split("=", 1) for line in settings)},
    )
    out, _ = await process.communicate()
    assert process.returncode == 0
    return out.decode()
