"""All of Kundvakt in containers: brought up as it is deployed, spoken to over HTTP."""

import json
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import cached_property
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import httpx2

from chassis.edge import new_id
from contracts.companies.user import Role
from onebox.addresses import LOOPBACK, free_port
from support.box import Client, eventually

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "deploy"
START_SECONDS_MAX = 600
HEAL_SECONDS_MAX = 300.0
"""Far above what it takes: a slow machine is not a wrong one."""
SEND_A_SIGNAL = "import os, sys; os.kill(int(sys.argv[1]), int(sys.argv[2]))"
ENGINE = ("docker",)


def engine_answers() -> bool:
    """Say whether there is a Docker engine, and Compose to go with it."""
    asked = (*ENGINE, "version")
    return (
        shutil.which("docker") is not None
        and subprocess.run(asked, check=False, capture_output=True, timeout=30).returncode == 0  # noqa: S603
        and bool(composer())
    )


def composer() -> tuple[str, ...]:
    """Return Compose: as a plugin of the engine, or as a program of its own."""
    asked = (*ENGINE, "compose", "version")
    if subprocess.run(asked, check=False, capture_output=True, timeout=30).returncode == 0:  # noqa: S603
        return (*ENGINE, "compose")
    return ("docker-compose",) if shutil.which("docker-compose") else ()


def said(*words: str, environment: dict[str, str] | None = None) -> str:
    """Run a program to its end and return what it said."""
    done = subprocess.run(  # noqa: S603 - our own words
        words,
        env={**os.environ, **(environment or {})},
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=START_SECONDS_MAX,
    )
    assert done.returncode == 0, f"{' '.join(words)}\n{done.stdout}{done.stderr}"
    return done.stdout


class Stack:
    """One deployment; what the journeys ask of a running box, they can ask of it."""

    def __init__(self) -> None:
        self.project = f"kundvakt-{new_id().hex[-8:]}"
        self.ports = {"gateway": free_port(), "creditsafe": free_port()}
        urls = {name: f"http://{LOOPBACK}:{port}" for name, port in self.ports.items()}
        self.box = SimpleNamespace(urls=urls)
        self.clients = ExitStack()

    @cached_property
    def bureau(self) -> httpx2.Client:
        """Return a client of the stand-in bureau's control."""
        client = httpx2.Client(base_url=self.box.urls["creditsafe"], timeout=10)
        return self.clients.enter_context(client)

    @property
    def environment(self) -> dict[str, str]:
        """Return what tells Compose which deployment is meant, and how it differs."""
        return {
            "COMPOSE_PROJECT_NAME": self.project,
            "COMPOSE_FILE": f"{DEPLOY / 'compose.yaml'}:{ROOT / 'tests/containers/published.yaml'}",
            "COMPOSE_PROFILES": "demo",
            "KUNDVAKT_HTTP_PORT": str(self.ports["gateway"]),
            "BUREAU_PORT": str(self.ports["creditsafe"]),
            "KUNDVAKT_CREDIT_POLL_SECONDS": "0.25",
        }

    def compose(self, *words: str) -> str:
        """Let Compose do something with this deployment."""
        return said(*composer(), *words, environment=self.environment)

    def follow(self, page: str, heading: str, directory: Path) -> str:
        """Do in a directory what a section of a page tells operators to do."""
        (section,) = re.findall(rf"^## {heading}\n(.*?)(?=^## |\Z)", page, re.MULTILINE | re.DOTALL)
        script = "".join(re.findall(r"^```sh\n(.*?)^```", section, re.MULTILINE | re.DOTALL))
        script = script.replace("docker compose ", f"{' '.join(composer())} ")
        return said("bash", "-euc", f"cd {directory}\n{script}", environment=self.environment)

    def operator(self, *words: str) -> str:
        """Run a command of `kundvakt` in a container of its own."""
        where = (
            "--network",
            f"{self.project}_inside",
            "--env-file",
            str(DEPLOY / "env/operator.env"),
        )
        return said(*ENGINE, "run", "--rm", "--read-only", *where, "kundvakt/operator", *words)

    def tenant(self, name: str, role: Role = Role.ADMIN) -> Client:
        """Add a tenant and return a client with a key to it."""
        self.operator("tenant", "add", name, "--name", name)
        key = self.operator("key", "add", "--tenant", name, "--role", role.value).split()[-1]
        return Client(self, key, name)  # type: ignore[arg-type]

    def containers(self) -> dict[str, dict[str, Any]]:
        """Return what the engine knows of each of our containers, by the name of its service."""
        label = f"label=com.docker.compose.project={self.project}"
        ids = said(*ENGINE, "ps", "--all", "--quiet", "--filter", label).split()
        found = json.loads(said(*ENGINE, "inspect", *ids))
        return {one["Config"]["Labels"]["com.docker.compose.service"]: one for one in found}

    def is_loaded(self) -> bool:
        """Say whether the sample registry is there."""
        state = self.containers()["sample"]["State"]
        assert not state["ExitCode"], state
        return not state["Running"]

    def runs(self, service: str, since: str = "") -> bool | None:
        """Say whether a service runs and is well, and was started since some moment."""
        state = self.containers()[service]["State"]
        well = state.get("Health", {}).get("Status", "healthy") == "healthy"
        return (state["Running"] and well and state["StartedAt"] > since) or None

    def signal(self, service: str, sign: int) -> str:
        """Send a signal to a container's process behind the engine's back; return its start.

        What the engine itself is asked to stop or kill, it takes as meant to stay so.
        """
        state = self.containers()[service]["State"]
        rights = ("--pid=host", "--network=none", "--user=0:0", "--cap-drop=ALL", "--cap-add=KILL")
        command = ("kundvakt/operator", "-c", SEND_A_SIGNAL, str(state["Pid"]), str(sign))
        said(*ENGINE, "run", "--rm", *rights, "--entrypoint=python", *command)
        return str(state["StartedAt"])

    def stop(self, service: str) -> None:
        """Stop a container; it stays so until it is started."""
        said(*ENGINE, "stop", self.containers()[service]["Id"])

    def start(self, service: str) -> None:
        """Start a stopped container."""
        said(*ENGINE, "start", self.containers()[service]["Id"])

    def healed(self, service: str, since: str = "") -> None:
        """Wait until a container runs again and is well."""
        eventually(lambda: self.runs(service, since), f"{service} well again", HEAL_SECONDS_MAX)


@contextmanager
def running_stack() -> Iterator[Stack]:
    """Build the images, make the secrets, bring everything up; leave nothing of it behind."""
    said("make", "images", "secrets")
    stack = Stack()
    try:
        stack.compose("up", "--detach")
        for service, container in stack.containers().items():
            if container["HostConfig"]["RestartPolicy"]["Name"] == "unless-stopped":
                stack.healed(service)
        eventually(lambda: stack.is_loaded() or None, "the registry loaded", START_SECONDS_MAX)
        yield stack
    finally:
        stack.clients.close()
        stack.compose("down", "--volumes", "--timeout", "10")
