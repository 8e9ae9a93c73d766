"""Message servers beside a box, one or a cluster of three, whose links and processes can fail."""

import json
import shutil
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from itertools import permutations
from pathlib import Path
from typing import Any
from urllib.request import urlopen

from onebox import permissions
from onebox.addresses import LOOPBACK, free_port
from onebox.nats import STORE_BYTES_MAX, binary
from onebox.program import Child, Program
from support.faults.fault_proxy import FaultProxy, Links

READY_SECONDS_MAX = 60.0
"""A cluster elects its leaders within ten; one that lay still catches up beside its load."""
LOOK_SECONDS = 0.05
NOWHERE = f"{LOOPBACK}:9"
"""What a node tells its peers of itself: they are to come through the links alone."""


def password(user: str) -> str:
    """Return a user's password; nothing but tests ever listens there."""
    return f"k-{user}"


@dataclass(slots=True)
class Node:
    """One server: its process, its ports and the link that its clients come through."""

    name: str
    store: Path
    child: Child
    client: FaultProxy
    monitor: int


@dataclass(slots=True)
class NatsNodes:
    """One server, or a cluster; every client's and every peer's link is one that can fail."""

    nodes: list[Node]
    peers: dict[tuple[str, str], FaultProxy] = field(default_factory=dict)
    """The links between them, by who calls whom."""

    def url(self, user: str) -> str:
        """Return the URL of all nodes as a user."""
        word = password(user)
        return ",".join(f"nats://{user}:{word}@{node.client.address}" for node in self.nodes)

    def environment(self) -> dict[str, str]:
        """Return what a box must be told to come as the right users."""
        users = (*permissions.CATEGORIES, permissions.ADMIN)
        return {permissions.password_variable(user): password(user) for user in users}

    def start(self, node: Node) -> None:
        """Start a node that does not run, without waiting for it."""
        node.child.start({})

    def kill(self, node: Node) -> None:
        """Kill a node without warning."""
        node.child.signal(signal.SIGKILL)
        _until(lambda: not node.child.running, f"the end of {node.name}")

    def pause(self, node: Node) -> None:
        """Freeze a node: its connections stay and say nothing."""
        node.child.signal(signal.SIGSTOP)

    def resume(self, node: Node) -> None:
        """Let a frozen node go on."""
        node.child.signal(signal.SIGCONT)

    def cut_off(self, node: Node, *, from_clients: bool = True, from_peers: bool = True) -> None:
        """Let nothing through to a node or from it; nobody is told."""
        if from_clients:
            node.client.silence()
        for pair, link in self.peers.items():
            if from_peers and node.name in pair:
                link.silence()

    def heal(self) -> None:
        """Let everything through, and everybody run."""
        for node in self.nodes:
            node.client.heal()
            if node.child.running:
                self.resume(node)
            else:
                self.start(node)
        for link in self.peers.values():
            link.heal()

    def ready(self) -> None:
        """Wait until every node says that it is well and has all there is."""
        for node in self.nodes:
            _until(lambda node=node: _healthy(node), f"{node.name} well")

    def neighbours(self, node: Node) -> set[str]:
        """Return the nodes that one believes to be in touch with."""
        return {route["remote_name"] for route in _seen(node, "routez").get("routes") or ()}

    def leader(self, stream: str = permissions.STREAM) -> Node:
        """Wait until the stream has a leader that all see; return it."""
        return _until(lambda: self._leader(stream), f"a leader of {stream}")

    def _leader(self, stream: str) -> Node | None:
        named = {_leader_seen_by(node, stream) for node in self.nodes if node.child.running}
        return next((node for node in self.nodes if {node.name} == named), None)


@contextmanager
def nats_nodes(directory: Path, many: int = 1) -> Iterator[NatsNodes]:
    """Run message servers for as long as the context lasts."""
    with Links() as links:
        ports = {f"n{number}": free_port() for number in range(1, many + 1)}
        routes = {name: free_port() for name in ports}
        peers = {pair: links.to(routes[pair[1]]) for pair in permutations(ports, 2)}
        nodes = [
            _node(directory / name, links, ports[name], _cluster(name, routes[name], peers))
            for name in ports
        ]
        found = NatsNodes(nodes, peers)
        try:
            for node in nodes:
                found.start(node)
            found.ready()
            yield found
        finally:
            for node in nodes:
                found.kill(node)


def _cluster(name: str, port: int, peers: dict[tuple[str, str], FaultProxy]) -> str:
    """Return how a node meets its peers: they call one another through their links alone."""
    called = [f'"nats://{link.address}"' for pair, link in peers.items() if pair[0] == name]
    if not called:
        return ""
    return (
        f'cluster {{ name: kundvakt, listen: "{LOOPBACK}:{port}", advertise: "{NOWHERE}",'
        f" no_advertise: true, routes: [{', '.join(called)}]\n{permissions.ROUTES}}}\n"
    )


def _node(own: Path, links: Links, port: int, cluster: str) -> Node:
    """Write a node's configuration, as in production."""
    own.mkdir(parents=True)
    monitor = free_port()
    (own / "nats.conf").write_text(
        f'server_name: {own.name}\nlisten: "{LOOPBACK}:{port}"\nhttp: "{LOOPBACK}:{monitor}"\n'
        + permissions.LIMITS
        + permissions.jetstream(json.dumps(str(own / "store")), STORE_BYTES_MAX)
        + permissions.accounts(lambda user: json.dumps(password(user)))
        + cluster
    )
    program = Program(own.name, (str(binary()), "-c", str(own / "nats.conf")))
    return Node(own.name, own / "store", Child(program, own / "log"), links.to(port), monitor)


def empty_store(node: Node) -> None:
    """Throw away everything a stopped node kept."""
    shutil.rmtree(node.store)


def _healthy(node: Node) -> bool:
    with suppress(OSError):
        return _seen(node, "healthz")["status"] == "ok"
    return False


def _leader_seen_by(node: Node, stream: str) -> str:
    with suppress(OSError):
        for account in _seen(node, "jsz?accounts=true&streams=true").get("account_details", []):
            for one in account.get("stream_detail", []):
                if one["name"] == stream:
                    return str(one.get("cluster", {}).get("leader", node.name))
    return ""


def _seen(node: Node, what: str) -> dict[str, Any]:
    with urlopen(f"http://{LOOPBACK}:{node.monitor}/{what}", timeout=1) as answer:
        seen: dict[str, Any] = json.load(answer)
    return seen


def _until(look: Any, what: str) -> Any:
    deadline = time.monotonic() + READY_SECONDS_MAX
    while not (found := look()):
        assert time.monotonic() < deadline, f"after {READY_SECONDS_MAX:g} s still not: {what}"
        time.sleep(LOOK_SECONDS)
    return found
