"""The embedded servers: started, killed, started again, and kept to themselves."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import asyncpg
import nats
import pytest

from onebox.box import Onebox, Options
from onebox.home import Home, HomeTakenError

pytestmark = pytest.mark.servers
SERVERS_ONLY = Options(services=())


@pytest.fixture
async def box(tmp_path: Path) -> AsyncIterator[Onebox]:
    async with Onebox(tmp_path / "home", SERVERS_ONLY) as running:
        yield running


async def connect(box: Onebox) -> Any:
    return await asyncpg.connect(box.urls["database"])


def is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def mode_of(path: str) -> int | None:
    """Return a directory's permissions, or nothing when it is not there."""
    found = Path(path)
    return found.stat().st_mode & 0o777 if found.exists() else None


def run_json(box: Onebox) -> Any:
    return json.loads((box.home.path / "run.json").read_text())


async def test_what_runs_where_is_written_down(box: Onebox) -> None:
    state = run_json(box)
    assert state["processes"] == dict(box.processes)
    assert set(state["processes"]) == {"postgres", "nats"}
    assert state["urls"] == dict(box.urls)
    assert (box.home.path / "run.json").stat().st_mode & 0o077 == 0


async def test_nothing_runs_after_the_end(tmp_path: Path) -> None:
    async with Onebox(tmp_path / "home", SERVERS_ONLY) as box:
        pids = list(box.processes.values())
    assert not (tmp_path / "home" / "run.json").exists()
    assert not [pid for pid in pids if is_alive(pid)]


async def test_a_killed_postgres_comes_back_with_what_was_committed(box: Onebox) -> None:
    connection = await connect(box)
    await connection.execute("CREATE TABLE kept (n int); INSERT INTO kept VALUES (7)")
    connection.terminate()
    pid = box.kill("postgres")
    assert await box.restarted("postgres", pid) != pid
    await box.wait_ready()
    connection = await connect(box)
    assert await connection.fetchval("SELECT n FROM kept") == 7
    await connection.close()
    assert run_json(box)["processes"] == dict(box.processes)


async def test_a_killed_nats_comes_back_on_its_port_with_what_was_acknowledged(
    box: Onebox,
) -> None:
    client = await nats.connect(box.urls["nats"])
    await client.jetstream().add_stream(name="KEPT", subjects=["kept"])
    await client.jetstream().publish("kept", b"7")
    await client.close()
    pid = box.kill("nats")
    assert await box.restarted("nats", pid) != pid
    await box.wait_ready()
    client = await nats.connect(box.urls["nats"])
    assert (await client.jetstream().stream_info("KEPT")).state.messages == 1
    await client.close()
    assert run_json(box)["processes"] == dict(box.processes)


async def test_postgres_runs_as_it_must(box: Onebox) -> None:
    connection = await connect(box)
    settings = dict(await connection.fetch("SELECT name, setting FROM pg_settings"))
    await connection.close()
    for name in ("fsync", "full_page_writes", "synchronous_commit", "data_checksums"):
        assert settings[name] == "on", name
    assert settings["listen_addresses"] == ""
    assert settings["password_encryption"] == "scram-sha-256"  # noqa: S105
    assert (box.home.postgres.stat().st_mode & 0o777) == 0o700
    owner = box.home.postgres.stat().st_uid
    assert owner != 0, "Postgres is never root"
    with pytest.raises(asyncpg.InvalidPasswordError):
        await asyncpg.connect(box.urls["database"].replace(":k", ":wrong"))


async def test_a_long_path_leaves_the_socket_elsewhere(tmp_path: Path) -> None:
    home = tmp_path / ("long" * 20) / "home"
    async with Onebox(home, SERVERS_ONLY) as box:
        connection = await connect(box)
        assert await connection.fetchval("SELECT 1") == 1
        sockets = await connection.fetchval("SHOW unix_socket_directories")
        await connection.close()
        assert not sockets.startswith(str(home))
        assert mode_of(sockets) == 0o700
    assert mode_of(sockets) is None


async def test_a_second_run_in_one_home_is_refused(box: Onebox) -> None:
    with pytest.raises(HomeTakenError, match="already runs"):
        async with Onebox(box.home.path, SERVERS_ONLY):
            pass
    assert run_json(box)["processes"] == dict(box.processes)


@pytest.mark.faults
async def test_two_homes_never_meet(box: Onebox, tmp_path: Path) -> None:
    async with Onebox(tmp_path / "other", SERVERS_ONLY) as other:
        assert not set(box.urls.values()) & set(other.urls.values())
        assert box.home.derive("x") != other.home.derive("x")
        assert box.nats_url("gateway") != other.nats_url("gateway")


@pytest.mark.faults
async def test_when_the_supervisor_is_killed_its_servers_go_too_and_the_home_is_free(
    tmp_path: Path,
) -> None:
    home = tmp_path / "home"
    program = (
        "import asyncio, sys, pathlib\n"
        "from onebox.box import Onebox, Options\n"
        "async def main():\n"
        "    async with Onebox(pathlib.Path(sys.argv[1]), Options(services=())):\n"
        "        print('ready', flush=True)\n"
        "        await asyncio.sleep(100)\n"
        "asyncio.run(main())\n"
    )
    with subprocess.Popen(  # noqa: ASYNC220, S603 - our own program
        [sys.executable, "-c", program, str(home)], stdout=subprocess.PIPE
    ) as supervisor:
        assert supervisor.stdout
        assert b"ready\n" in iter(supervisor.stdout.readline, b"")
        before = json.loads((home / "run.json").read_text())["processes"]
        supervisor.send_signal(signal.SIGKILL)
        supervisor.wait()
    async with Onebox(home, SERVERS_ONLY) as box:
        assert not set(before.values()) & set(box.processes.values())
        connection = await connect(box)
        assert await connection.fetchval("SELECT 1") == 1
        await connection.close()


@pytest.mark.faults
async def test_a_process_id_left_by_a_dead_server_keeps_nobody_from_starting(
    tmp_path: Path,
) -> None:
    home = tmp_path / "home"
    async with Onebox(home, SERVERS_ONLY):
        pass
    stale = f"{os.getpid()}\n{home}/postgres\n1\n5432\n{home}/postgres\n\n 1 1\nready\n"
    (home / "postgres" / "postmaster.pid").write_text(stale)
    async with Onebox(home, SERVERS_ONLY) as box:
        assert box.processes["postgres"] != os.getpid()
        connection = await connect(box)
        await connection.close()


def test_a_secret_is_made_once_and_kept_private(tmp_path: Path) -> None:
    with Home(tmp_path / "home").claimed():
        first = Home(tmp_path / "home").derive("label")
    with Home(tmp_path / "home").claimed():
        assert Home(tmp_path / "home").derive("label") == first
    assert (tmp_path / "home" / "secret").stat().st_mode & 0o077 == 0
    assert Home(tmp_path / "home").derive("other") != first
