"""Postgres and NATS in containers, in the place of the embedded ones."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from testcontainers.community.postgres import PostgresContainer
from testcontainers.core.container import DockerContainer
from testcontainers.core.wait_strategies import LogMessageWaitStrategy

from onebox import permissions
from onebox.addresses import as_user
from onebox.home import Home
from onebox.postgres import SETTINGS, SUPERUSER
from onebox.testing import Servers

POSTGRES_IMAGE = "postgres:18"
NATS_IMAGE = "nats:2.15"
NATS_PORT = 4222
CONFIGURATION = "/etc/nats/tests.conf"


@dataclass(frozen=True)
class ContainedPostgres:
    """A Postgres in a container."""

    admin_url: str

    def url(self) -> str:
        """Return the administrator's URL."""
        return self.admin_url


@dataclass(frozen=True)
class ContainedNats:
    """A NATS in a container."""

    home: Home
    address: str

    def url(self, user: str) -> str:
        """Return the URL as one of the users."""
        return as_user(self.address, user, self.home.password(user))


@contextmanager
def contained(path: Path) -> Iterator[Servers]:
    """Run both servers in containers, configured as the embedded ones are."""
    home = Home(path)
    path.mkdir()
    configuration = path / "nats.conf"
    configuration.write_text(
        "server_name: contained\n"
        + permissions.LIMITS
        + permissions.jetstream('"/tmp/nats"', "20GB")
        + permissions.accounts(lambda user: json.dumps(home.password(user)))
    )
    settings = [word for name, value in SETTINGS.items() for word in ("-c", f"{name}={value}")]
    postgres = PostgresContainer(
        POSTGRES_IMAGE,
        username=SUPERUSER,
        password=home.password(SUPERUSER),
        dbname="postgres",
        driver=None,
    ).with_command(["postgres", *settings])
    nats = (
        DockerContainer(NATS_IMAGE)
        .with_exposed_ports(NATS_PORT)
        .with_copy_into_container(configuration, CONFIGURATION)
        .with_command(["-c", CONFIGURATION])
        .waiting_for(LogMessageWaitStrategy("Server is ready"))
    )
    with postgres, nats:
        database = ContainedPostgres(postgres.get_connection_url(driver=None))
        address = f"nats://{nats.get_container_host_ip()}:{nats.get_exposed_port(NATS_PORT)}"
        yield Servers(home, database, ContainedNats(home, address), {})
