import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest

from devnet.part import Part
from devnet.ports import LOOPBACK, free_ports
from devnet.probes import port_answers
from devnet.supervisor import Supervisor
from tests.devnet import sleeper
from vibesflow.errors import PartNotStarted

PartMaker = Callable[..., Part]


@pytest.fixture
def diary(tmp_path: Path) -> Path:
    return tmp_path / "diary"


@pytest.fixture
def make_part(tmp_path: Path, diary: Path) -> PartMaker:
    numbers = iter(vars(free_ports(tmp_path / "ports.json")).values())

    def make(name: str, *, manners: str = "polite", **more: object) -> Part:
        port = next(numbers)
        argv = (sys.executable, "-I", str(Path(sleeper.__file__)), name, str(port))
        return Part(
            name=name,
            argv=(*argv, str(diary), manners),
            probe=port_answers(LOOPBACK, port),
            folder=tmp_path,
            **more,
        )

    return make


@pytest.fixture
async def supervisor(tmp_path: Path) -> AsyncIterator[Supervisor]:
    async with Supervisor(tmp_path) as made:
        yield made


def is_alive(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"


def page(diary: Path) -> str:
    return diary.read_text()


async def eventually(truth: Callable[[], bool], *, limit_s: float = 15) -> None:
    async with asyncio.timeout(limit_s):
        while not truth():
            await asyncio.sleep(0.02)


async def test_a_part_is_started_when_it_answers_and_its_words_are_kept(
    supervisor: Supervisor, make_part: PartMaker, tmp_path: Path
) -> None:
    part = make_part("one")
    await supervisor.start(part)
    assert await part.probe()
    assert list(supervisor.pids) == ["one"]
    assert (tmp_path / "one.log").read_text() == "one listens\n"


async def test_a_part_runs_in_a_session_of_its_own(
    supervisor: Supervisor, make_part: PartMaker
) -> None:
    await supervisor.start(make_part("one"))
    pid = supervisor.pids["one"]
    assert os.getsid(pid) == os.getpgid(pid) == pid


async def test_a_part_that_ends_early_is_named_with_the_end_of_its_log(
    supervisor: Supervisor, make_part: PartMaker
) -> None:
    part = replace(make_part("lost"), argv=(sys.executable, "-c", "raise SystemExit('no luck')"))
    with pytest.raises(PartNotStarted, match=r"lost ended with code 1[^$]*no luck"):
        await supervisor.start(part)


async def test_a_program_that_is_not_there_is_named(
    supervisor: Supervisor, make_part: PartMaker
) -> None:
    part = replace(make_part("absent"), argv=("no-such-program-anywhere",))
    with pytest.raises(PartNotStarted, match=r"cannot start no-such-program-anywhere"):
        await supervisor.start(part)


async def test_a_silent_part_is_not_waited_for_for_ever(
    supervisor: Supervisor, make_part: PartMaker
) -> None:
    part = replace(make_part("silent"), argv=("sleep", "60"), start_limit_s=0.3)
    with pytest.raises(PartNotStarted, match=r"silent does not answer after 0\.3 s"):
        await supervisor.start(part)


async def test_a_killed_part_comes_back_prepared_and_is_announced(
    tmp_path: Path, make_part: PartMaker
) -> None:
    announced: list[int] = []
    prepared: list[bool] = []

    async def prepare() -> None:
        prepared.append(await part.probe())

    part = make_part("one", prepare=prepare)
    async with Supervisor(tmp_path) as supervisor:
        supervisor.on_change = lambda: announced.append(supervisor.pids["one"])
        await supervisor.start(part)
        first = supervisor.pids["one"]
        os.kill(first, signal.SIGKILL)
        await eventually(lambda: bool(announced))
        assert announced == [supervisor.pids["one"]]
        assert announced != [first]
        assert prepared == [True, True]
        assert await part.probe()


async def test_a_killed_part_is_awaited_by_the_process_id_it_had(
    supervisor: Supervisor, make_part: PartMaker
) -> None:
    part = make_part("one")
    await supervisor.start(part)
    for _ in range(3):
        killed = supervisor.pids["one"]
        os.kill(killed, signal.SIGKILL)
        async with asyncio.timeout(15):
            pid = await supervisor.revived("one", after=killed)
        assert pid == supervisor.pids["one"] != killed
        assert await part.probe()


async def test_a_part_that_somebody_kills_often_comes_back_at_once_each_time(
    supervisor: Supervisor, make_part: PartMaker, monkeypatch: pytest.MonkeyPatch
) -> None:
    pauses: list[float] = []
    real_sleep = asyncio.sleep

    async def sleep(delay_s: float) -> None:
        pauses.append(delay_s)
        await real_sleep(0.01)

    monkeypatch.setattr("devnet.supervisor.asyncio.sleep", sleep)
    await supervisor.start(make_part("one"))
    for _ in range(8):
        killed = supervisor.pids["one"]
        os.kill(killed, signal.SIGKILL)
        await supervisor.revived("one", after=killed)
    assert max(pauses) == 0.2


async def test_a_part_whose_preparation_fails_is_tried_again(
    supervisor: Supervisor, make_part: PartMaker
) -> None:
    faults: list[Exception] = []

    async def prepare() -> None:
        if faults:
            raise faults.pop()

    await supervisor.start(make_part("one", prepare=prepare))
    faults += [OSError("not yet"), PartNotStarted("not yet")]
    killed = supervisor.pids["one"]
    os.kill(killed, signal.SIGKILL)
    async with asyncio.timeout(15):
        await supervisor.revived("one", after=killed)
    assert not faults


async def test_a_part_that_keeps_falling_is_tried_again_with_growing_pauses(
    tmp_path: Path, make_part: PartMaker
) -> None:
    starts = tmp_path / "starts"
    script = f"open({str(starts)!r}, 'a').write('x'); import time; time.sleep(0.05)"

    async def always() -> bool:
        return starts.exists()

    part = replace(make_part("weak"), argv=(sys.executable, "-c", script), probe=always)
    async with Supervisor(tmp_path) as supervisor:
        await supervisor.start(part)
        await asyncio.sleep(2.5)
    assert 3 <= len(starts.read_text()) <= 6


async def test_without_restarts_the_death_of_a_part_is_told(
    tmp_path: Path, make_part: PartMaker
) -> None:
    async with Supervisor(tmp_path, restart=False) as supervisor:
        await supervisor.start(make_part("one"))
        os.kill(supervisor.pids["one"], signal.SIGKILL)
        async with asyncio.timeout(10):
            fault = await supervisor.fallen()
    assert fault.message == "one ended with code -9"


async def test_parts_stop_in_reverse_order(
    tmp_path: Path, make_part: PartMaker, diary: Path
) -> None:
    async with Supervisor(tmp_path) as supervisor:
        for name in ("one", "two", "three"):
            await supervisor.start(make_part(name))
        pids = list(supervisor.pids.values())
    assert page(diary).split() == ["three", "stopped", "two", "stopped", "one", "stopped"]
    assert not any(is_alive(pid) for pid in pids)


async def test_a_part_that_will_not_stop_is_killed(
    tmp_path: Path, make_part: PartMaker, diary: Path
) -> None:
    async with Supervisor(tmp_path) as supervisor:
        await supervisor.start(make_part("rude", manners="rude", stop_limit_s=0.3))
        pid = supervisor.pids["rude"]
    assert page(diary) == "rude stopped\n"
    assert not is_alive(pid)


_DOOMED = """
import asyncio, sys
from pathlib import Path
from devnet.part import Part
from devnet.supervisor import Supervisor

async def answers(): return True

async def main():
    async with Supervisor(Path(sys.argv[1])) as supervisor:
        for name in ("one", "two"):
            await supervisor.start(Part(name, ("sleep", "60"), answers))
        print(*supervisor.pids.values(), flush=True)
        await asyncio.sleep(60)

asyncio.run(main())
"""


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux lets a child ask for this")
async def test_no_part_survives_a_supervisor_that_is_killed(tmp_path: Path) -> None:
    doomed = await asyncio.create_subprocess_exec(
        sys.executable, "-c", _DOOMED, str(tmp_path), stdout=asyncio.subprocess.PIPE
    )
    assert doomed.stdout is not None
    pids = [int(word) for word in (await doomed.stdout.readline()).split()]
    try:
        assert len(pids) == 2
        assert all(is_alive(pid) for pid in pids)
        doomed.kill()
        await doomed.wait()
        await eventually(lambda: not any(is_alive(pid) for pid in pids))
    finally:
        for pid in pids:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
