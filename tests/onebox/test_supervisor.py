"""Programs kept running: started again, told only their own, stopped in time."""

import asyncio
import json
import os
import signal
import time
from collections.abc import AsyncIterator, Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from onebox.home import Home
from onebox.program import LOG_BYTES_MAX, Child, Program
from onebox.supervisor import NotReadyError, Supervisor

PATIENCE_SECONDS = 10.0


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path / "home")


@pytest.fixture
async def supervisor(home: Home) -> AsyncIterator[Supervisor]:
    with home.claimed():
        supervisor = Supervisor(home, tell=lambda _: None)
        yield supervisor
        await supervisor.stop()


def shell(name: str, script: str, **more: Any) -> Program:
    return Program(name, ("/bin/sh", "-c", script), **more)


async def until(condition: Callable[[], object]) -> None:
    async with asyncio.timeout(PATIENCE_SECONDS):
        while not condition():  # noqa: ASYNC110 - what is waited for sets no event
            await asyncio.sleep(0.01)


def run_json(home: Home) -> Any:
    return json.loads((home.path / "run.json").read_text())


def log_of(home: Home, name: str) -> str:
    return (home.logs / f"{name}.log").read_text()


async def test_what_dies_is_started_again_and_written_down(
    supervisor: Supervisor, home: Home
) -> None:
    supervisor.urls["here"] = "http://127.0.0.1:1"
    await supervisor.start([shell("sleeper", "sleep 100"), shell("other", "sleep 100")])
    other = supervisor.processes["other"]
    before = supervisor.kill("sleeper")
    after = await supervisor.restarted("sleeper", before)
    assert run_json(home)["processes"] == {"sleeper": after, "other": other}
    assert run_json(home)["urls"] == {"here": "http://127.0.0.1:1"}


async def test_what_keeps_dying_is_given_ever_more_time(home: Home) -> None:
    told: list[str] = []
    with home.claimed():
        supervisor = Supervisor(home, tell=told.append)
        await supervisor.start(
            [shell("steady", "sleep 100"), shell("fragile", "sleep 0.1; exit 3")]
        )
        await until(lambda: len(told) >= 3)
        assert "steady" in run_json(home)["processes"]
        await supervisor.stop()
    assert told[:3] == [
        "fragile ended with 3; starting it again at once",
        "fragile ended with 3; starting it again at once",
        "fragile ended with 3; starting it again in 0.2 s",
    ]


def is_up(home: Home, name: str) -> bool:
    return "up" in log_of(home, name)


async def never() -> bool:
    return False


async def test_what_does_not_become_ready_is_told_with_its_last_words(
    supervisor: Supervisor,
) -> None:
    program = shell("mute", "echo the disk is on fire; sleep 100", ready=never)
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.3):
            await supervisor.start([program])
    with pytest.raises(NotReadyError, match="the disk is on fire"):
        await supervisor.ready("mute", 0.1)


async def test_a_failpoint_is_armed_in_the_first_process_alone(
    supervisor: Supervisor, home: Home
) -> None:
    program = shell("one", 'echo "point=$KUNDVAKT_FAILPOINT"; sleep 100')
    await supervisor.start([program], {"one": "relay.read:1:kill", "two": "other:1:kill"})
    await until(lambda: log_of(home, "one").count("point=") == 1)
    await supervisor.restarted("one", supervisor.kill("one"))
    await until(lambda: log_of(home, "one").count("point=") == 2)
    assert log_of(home, "one").splitlines() == ["point=relay.read:1:kill", "point="]


async def test_a_program_knows_nothing_of_others(
    supervisor: Supervisor, home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KUNDVAKT_DATABASE_URL", "postgresql://the-administrator")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "not for them")
    own = {"KUNDVAKT_NATS_URL": "nats://mine"}
    await supervisor.start([shell("one", "env; echo end; sleep 100", environment=own)])
    await until(lambda: "end" in log_of(home, "one"))
    assert "KUNDVAKT_NATS_URL=nats://mine" in log_of(home, "one")
    assert "administrator" not in log_of(home, "one")
    assert "AWS" not in log_of(home, "one")


async def test_all_is_stopped_last_first_within_ten_seconds(
    supervisor: Supervisor, home: Home
) -> None:
    told = home.path / "order"
    gentle = 'trap "echo $0 >> {told}; exit 0" TERM; echo up; while :; do sleep 0.05; done'
    for name in ("first", "second"):
        script = gentle.replace("$0", name).format(told=told)
        await supervisor.start([shell(name, script)])
    stubborn = 'trap "" TERM; echo up; while :; do sleep 0.05; done'
    await supervisor.start([shell("stubborn", stubborn, stop_seconds_max=0.5)])
    for name in ("first", "second", "stubborn"):
        await until(partial(is_up, home, name))
    pids = list(supervisor.processes.values())
    began = time.monotonic()
    await supervisor.stop()
    assert time.monotonic() - began < 5
    assert told.read_text().split() == ["second", "first"]
    for pid in pids:
        with pytest.raises(ProcessLookupError):
            os.kill(pid, 0)
    assert not (home.path / "run.json").exists()


async def test_what_has_outstayed_all_patience_is_dead_and_gone_when_stopping_ends(
    supervisor: Supervisor, home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("onebox.supervisor.STOP_SECONDS_MAX", 0.2)
    deaf = 'trap "" TERM; echo up; while :; do sleep 0.05; done'
    await supervisor.start([shell(name, deaf, stop_seconds_max=60) for name in ("one", "two")])
    for name in ("one", "two"):
        await until(partial(is_up, home, name))
    pids = list(supervisor.processes.values())
    await supervisor.stop()
    for pid in pids:  # who was not waited for is still there, as a zombie
        with pytest.raises(ProcessLookupError):
            os.kill(pid, 0)


async def test_what_is_frozen_is_stopped_too(supervisor: Supervisor, home: Home) -> None:
    trap = 'trap "echo gently; exit 0" TERM; echo up; while :; do sleep 0.05; done'
    await supervisor.start([shell("frozen", trap)])
    await until(lambda: "up" in log_of(home, "frozen"))
    os.kill(supervisor.processes["frozen"], signal.SIGSTOP)
    await supervisor.stop()
    assert "gently" in log_of(home, "frozen")


async def test_ctrl_c_at_the_terminal_reaches_the_supervisor_alone(supervisor: Supervisor) -> None:
    await supervisor.start([shell("one", "sleep 100")])
    assert os.getpgid(supervisor.processes["one"]) != os.getpgid(0)


def test_a_log_that_has_grown_too_large_is_begun_anew(tmp_path: Path) -> None:
    log = tmp_path / "one.log"
    log.write_bytes(b"old\n" * (LOG_BYTES_MAX // 4 + 1))
    child = Child(shell("one", "true"), log)
    child.trim_log()
    assert log.stat().st_size == 0
    assert (tmp_path / "one.log.1").stat().st_size > LOG_BYTES_MAX
    child.trim_log()
    assert (tmp_path / "one.log.1").stat().st_size > LOG_BYTES_MAX
