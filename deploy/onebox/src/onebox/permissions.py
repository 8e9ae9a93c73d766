"""Who may say and hear what on NATS: the one table, and the configuration written from it."""

import argparse
import sys
from collections.abc import Callable
from dataclasses import dataclass

STREAM = "EVENTS"
CATEGORIES = {
    "companies": ("company", "user", "department", "settings", "subject"),
    "enrichment": ("registry-facts",),
    "credit-monitor": (
        *("credit", "credit-bureau", "credit-policy"),
        *("alert", "alert-preferences", "alert-settings"),
    ),
    "gateway": (),
}
"""The kinds of streams whose events a service may publish; the services are these four."""
CREDIT = ("credit-monitor.command.>", "credit-monitor.query.>")
COMPANIES = ("companies.command.>", "companies.query.>")
ASKS = {"gateway": (*COMPANIES, *CREDIT, "enrichment.query.>")}
"""What a service may ask of others."""
ANSWERS = {
    "companies": COMPANIES,
    "enrichment": ("enrichment.query.>",),
    "credit-monitor": CREDIT,
}
"""What a service is asked."""
ADMIN = "admin"
"""Migrates: makes the stream and its consumers, may do everything in the account."""
SYSTEM = "system"
"""Looks after the server; sees nothing of what is said."""
ROUTE = "route"
"""What the servers of a cluster are to one another."""
ANSWER_SECONDS_MAX = 60


@dataclass(frozen=True, slots=True)
class Rights:
    """The subjects that one service may publish on and listen to."""

    publish: tuple[str, ...]
    subscribe: tuple[str, ...]
    answers: bool


def inbox(service: str) -> str:
    """Return the prefix of the only inboxes a service may listen on."""
    return f"_INBOX_{service}"


def rights(service: str) -> Rights:
    """Return what a service needs, and nothing else."""
    categories = CATEGORIES[service]
    asked = ANSWERS.get(service, ())
    consumer = f"{STREAM}.{service}"
    publish = (
        *(f"evt.*.{category}.>" for category in categories),
        *ASKS.get(service, ()),
        "relay.*.republish",
        *((f"head.{service}",) if categories else ()),
        f"$JS.API.CONSUMER.CREATE.{consumer}",
        f"$JS.API.CONSUMER.CREATE.{consumer}.>",
        f"$JS.API.CONSUMER.DURABLE.CREATE.{consumer}",
        f"$JS.API.CONSUMER.INFO.{consumer}",
        f"$JS.API.CONSUMER.MSG.NEXT.{consumer}",
        f"$JS.ACK.{consumer}.>",
        f"$JS.API.STREAM.INFO.{STREAM}",
        "$JS.API.INFO",
    )
    subscribe = (
        f"{inbox(service)}.>",
        "head.*",
        *((f"relay.{service}.republish",) if categories else ()),
        *asked,
    )
    return Rights(publish, subscribe, answers=bool(asked))


def accounts(password: Callable[[str], str]) -> str:
    """Return the accounts of a server's configuration; a password comes as it is to be written."""
    users = "".join(_user(service, password(service)) for service in CATEGORIES)
    return f"""\
accounts {{
  SYS {{ users: [ {{ user: {SYSTEM}, password: {password(SYSTEM)} }} ] }}
  KUNDVAKT {{
    jetstream: enabled
    users: [
      {{ user: {ADMIN}, password: {password(ADMIN)} }}
{users}    ]
  }}
}}
system_account: SYS
"""


def jetstream(directory: str, bytes_max: str) -> str:
    """Return the storage of a server's configuration: nothing acknowledged is ever lost."""
    return f"""\
jetstream {{
  store_dir: {directory}
  sync_interval: always
  max_mem: 256MB
  max_file: {bytes_max}
  strict: true
  limits {{ max_ack_pending: 2000, duplicate_window: "24h", max_request_batch: 1000 }}
}}
"""


LIMITS = """\
max_payload: 256KB
max_pending: 64MB
write_deadline: "10s"
ping_interval: "10s"
ping_max: 2
max_connections: 2000
max_subscriptions: 5000
lame_duck_duration: "30s"
lame_duck_grace_period: "5s"
"""


def _user(service: str, password: str) -> str:
    allowed = rights(service)
    answers = (
        f'\n        allow_responses: {{ max: 1, expires: "{ANSWER_SECONDS_MAX}s" }}'
        if allowed.answers
        else ""
    )
    return f"""\
      {{ user: {service}, password: {password}, permissions: {{
        publish: {{ allow: [{_list(allowed.publish)}] }}
        subscribe: {{ allow: [{_list(allowed.subscribe)}] }}{answers}
      }} }}
"""


def _list(subjects: tuple[str, ...]) -> str:
    return ", ".join(f'"{subject}"' for subject in subjects)


def password_variable(user: str) -> str:
    """Return the environment variable that holds a user's password where servers are our own."""
    return f"KUNDVAKT_NATS_PASSWORD_{user.upper().replace('-', '_')}"


def deployed() -> str:
    """Return the configuration of a server of its own: its passwords are in its environment."""
    return _own("127.0.0.1")


def clustered() -> str:
    """Return the configuration of one server of a cluster: its environment says which.

    Its monitor listens to all, for an orchestrator asks it from outside how it is.
    """
    return _own("0.0.0.0") + CLUSTER  # noqa: S104 - inside a container


ROUTES = """\
  ping_interval: "500ms"
  ping_max: 2
"""
"""Servers ask after one another as often as clients do. Until a silent one is given up the others
send it a share of what is asked, for they know nothing of services that have left it. Asked only as
often as clients are by `LIMITS`, that takes twenty seconds."""
CLUSTER = f"""\
pid_file: "/tmp/nats.pid"
cluster {{
  name: kundvakt
  listen: "0.0.0.0:6222"
  authorization {{ user: {ROUTE}, password: ${password_variable(ROUTE)} }}
  routes: $KUNDVAKT_NATS_ROUTES
  no_advertise: true
{ROUTES}}}
"""
"""Clients are told all servers; one that they would learn of comes without their password.

The routes stand in the environment as a list, `["nats://route:password@nats-1:6222", …]`."""


def _own(monitor: str) -> str:
    return (
        "# Written by `make nats` from deploy/onebox/src/onebox/permissions.py. Every password\n"
        "# begins with a letter: one that begins with a digit would be read as a number.\n"
        "server_name: $KUNDVAKT_NATS_SERVER_NAME\n"
        f'listen: "0.0.0.0:4222"\nhttp: "{monitor}:8222"\n'
        + LIMITS
        + jetstream('"/var/lib/nats"', "20GB")
        + accounts(lambda user: f"${password_variable(user)}")
    )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="onebox.permissions", description=__doc__)
    parser.add_argument("--cluster", action="store_true", help="for one server of several")
    sys.stdout.write(clustered() if parser.parse_args().cluster else deployed())
