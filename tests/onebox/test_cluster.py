"""Three servers that make one bus: how they are deployed, and how one waits for them."""

import asyncio
import os
from collections.abc import AsyncIterator
from pathlib import Path

import nats
import pytest

from chassis import stream
from chassis.stream import declare_stream
from onebox import permissions
from onebox.addresses import free_port
from onebox.nats import binary
from onebox.probe import answers
from onebox.program import Child, Program

pytestmark = pytest.mark.servers
NODES = ("n1", "n2", "n3")
USERS = (*permissions.CATEGORIES, permissions.ADMIN, permissions.SYSTEM, permissions.ROUTE)


class Cluster:
    """Three servers on loopback, each started when a test wants it."""

    def __init__(self, home: Path) -> None:
        self._home = home
        self._ports = {node: free_port() for node in NODES}
        self._routes = {node: free_port() for node in NODES}
        self._monitors = {node: free_port() for node in NODES}
        self.children: dict[str, Child] = {}

    @property
    def url(self) -> str:
        ports = self._ports.values()
        return ",".join(f"nats://admin:kadmin@127.0.0.1:{port}" for port in ports)

    def start(self, node: str) -> None:
        routes = ", ".join(f'"nats://route:kroute@127.0.0.1:{p}"' for p in self._routes.values())
        told = {permissions.password_variable(user): f"k{user}" for user in USERS}
        told |= {"KUNDVAKT_NATS_SERVER_NAME": node, "KUNDVAKT_NATS_ROUTES": f"[{routes}]"}
        told |= {"PATH": os.environ["PATH"]}
        config = self._home / f"{node}.conf"
        config.write_text(self._here(node))
        ready = f"http://127.0.0.1:{self._monitors[node]}/healthz?js-enabled-only=true"
        program = Program(
            node, (str(binary()), "-c", str(config)), told, ready=lambda: answers(ready)
        )
        self.children[node] = Child(program, self._home / f"{node}.log")
        self.children[node].start({})

    def _here(self, node: str) -> str:
        """Return the deployed configuration with this machine's ports and folders."""
        text = permissions.clustered()
        for deployed, here in {
            "0.0.0.0:4222": f"127.0.0.1:{self._ports[node]}",
            "0.0.0.0:6222": f"127.0.0.1:{self._routes[node]}",
            "0.0.0.0:8222": f"127.0.0.1:{self._monitors[node]}",
            "/var/lib/nats": str(self._home / node),
            "/tmp/nats.pid": str(self._home / f"{node}.pid"),  # noqa: S108 - in a container
        }.items():
            assert text.count(deployed) == 1
            text = text.replace(deployed, here)
        return text


@pytest.fixture
async def cluster(tmp_path: Path) -> AsyncIterator[Cluster]:
    cluster = Cluster(tmp_path)
    try:
        yield cluster
    finally:
        for child in cluster.children.values():
            await child.stop()


@pytest.mark.faults
async def test_a_migration_waits_until_all_servers_are_there(
    cluster: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stream, "REPLICAS", 3)
    asked = asyncio.Event()
    monkeypatch.setattr(stream.log, "info", lambda *_, **__: asked.set())
    cluster.start("n1")
    cluster.start("n2")
    declaring = asyncio.create_task(declare_stream(cluster.url))
    await asyncio.wait_for(asked.wait(), 30)
    assert not declaring.done()
    cluster.start("n3")
    await declaring
    admin = await nats.connect(cluster.url.split(","))
    info = await admin.jetstream().stream_info("EVENTS")
    assert info.config.num_replicas == 3
    assert info.cluster
    assert {info.cluster.leader, *(one.name for one in info.cluster.replicas or ())} == set(NODES)
    await admin.close()


def test_the_deployed_configuration_of_a_cluster_is_written_from_the_table() -> None:
    written = Path(__file__).parents[2] / "deploy" / "nats" / "cluster.conf"
    assert written.read_text() == permissions.clustered(), "run: make nats"
