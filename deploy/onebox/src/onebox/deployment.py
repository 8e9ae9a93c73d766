"""The secrets of a deployment in containers: one file of environment variables for each.

`python -m onebox.deployment deploy/env` makes the secret once and derives everything from it, as
`make run` does; each file holds what its container is told and nothing of the others.
"""

import argparse
import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from onebox import programs
from onebox.addresses import as_user
from onebox.home import OWN_HOME, Home, write_private
from onebox.permissions import ADMIN, CATEGORIES, ROUTE, SYSTEM, password_variable
from onebox.postgres import SUPERUSER

NODES = ("nats-1", "nats-2", "nats-3")


def environments(
    home: Home, database: str, nodes: Sequence[str]
) -> Iterator[tuple[str, Mapping[str, str]]]:
    """Name each container's file and yield what it holds."""
    password = home.password(SUPERUSER)
    admin_url = f"postgresql://{SUPERUSER}:{password}@{database}/postgres"
    bus = ",".join(f"nats://{node}:4222" for node in nodes)
    routes = [f"nats://{ROUTE}:{home.password(ROUTE)}@{node}:6222" for node in nodes]
    users = (*CATEGORIES, ADMIN, SYSTEM, ROUTE)
    yield "postgres", {"POSTGRES_PASSWORD": password, "PGPASSWORD": password}
    yield (
        "nats",
        {
            **{password_variable(user): home.password(user) for user in users},
            "KUNDVAKT_NATS_ROUTES": json.dumps(routes),
        },
    )
    yield (
        "operator",
        {
            "KUNDVAKT_DATABASE_URL": admin_url,
            "KUNDVAKT_NATS_URL": as_user(bus, ADMIN, home.password(ADMIN)),
            "KUNDVAKT_SECRET": home.secret.decode(),
            "KUNDVAKT_STREAM_REPLICAS": str(len(nodes)),
        },
    )
    for service in CATEGORIES:
        own = as_user(bus, service, home.password(service))
        yield service, programs.servers(service, home, admin_url, own)


def write(directory: Path, database: str, nodes: Sequence[str]) -> None:
    """Write every file, readable by nobody else; an existing secret is kept."""
    directory.mkdir(mode=OWN_HOME, parents=True, exist_ok=True)
    for name, told in environments(Home(directory), database, nodes):
        lines = "".join(f"{variable}={value}\n" for variable, value in told.items())
        write_private(directory / f"{name}.env", lines)


def main() -> None:
    """Read the command line, and write."""
    parser = argparse.ArgumentParser(prog="onebox.deployment", description=__doc__)
    parser.add_argument("directory", type=Path, help="where the files and the secret are kept")
    parser.add_argument("--database", default="postgres:5432", help="where Postgres is")
    parser.add_argument("--nats", nargs="+", default=NODES, help="the names of its servers")
    given = parser.parse_args()
    write(given.directory, given.database, given.nats)


if __name__ == "__main__":
    main()
