"""The deployment in containers: kept to itself, does the main job, and heals."""

import signal
from collections.abc import Iterator

import pytest

from support.journey import EXPECTED, journey
from support.stack import Stack

pytestmark = [pytest.mark.containers, pytest.mark.timeout(600)]
NODES = ("nats-1", "nats-2", "nats-3")
SERVICES = ("companies", "enrichment", "credit-monitor", "gateway")
LASTING = (*SERVICES, *NODES, "postgres", "bureau", "mail")
NOBODY = "65532:65532"
POSTGRES_RIGHTS = {"CHOWN", "DAC_OVERRIDE", "FOWNER", "SETGID", "SETUID"}
"""What its entrypoint needs until it has become the account `postgres`."""


def test_the_main_job_is_done_in_containers(
    stack: Stack, numbers: Iterator[str], tenant: str
) -> None:
    assert journey(stack, stack.tenant(tenant), next(numbers)) == EXPECTED  # type: ignore[arg-type]


def test_a_container_can_write_nowhere_but_where_it_is_to_and_has_no_rights(stack: Stack) -> None:
    containers = stack.containers()
    assert set(LASTING) <= set(containers)
    for service, container in containers.items():
        host = container["HostConfig"]
        assert host["ReadonlyRootfs"], service
        assert host["CapDrop"] == ["ALL"], service
        assert "no-new-privileges:true" in host["SecurityOpt"], service
        assert not host["Privileged"], service
        if service in {"postgres", "volumes"}:
            assert {right.removeprefix("CAP_") for right in host["CapAdd"]} <= POSTGRES_RIGHTS
        else:
            assert not host["CapAdd"], service
            assert container["Config"]["User"] == NOBODY, service


def test_nothing_is_published_but_on_loopback(stack: Stack) -> None:
    published = {
        service: binding["HostIp"]
        for service, container in stack.containers().items()
        for bindings in (container["HostConfig"]["PortBindings"] or {}).values()
        for binding in bindings
    }
    assert published == {
        "gateway": "127.0.0.1",
        "bureau": "127.0.0.1",
        "mail": "127.0.0.1",
    }


def test_a_container_knows_no_secret_but_its_own(stack: Stack) -> None:
    containers = stack.containers()

    def environment(service: str) -> dict[str, str]:
        return dict(one.split("=", 1) for one in containers[service]["Config"]["Env"])

    for service in SERVICES:
        told = environment(service)
        assert "KUNDVAKT_SECRET" not in told
        role = f"kundvakt_{service.replace('-', '_')}"
        assert told["KUNDVAKT_DATABASE_URL"].startswith(f"postgresql://{role}:")
        assert told["KUNDVAKT_NATS_URL"].count(f"nats://{service}:") == len(NODES)
        assert not any(name.startswith("KUNDVAKT_NATS_PASSWORD") for name in told)
    assert not any(
        "KUNDVAKT" in name
        and name != "KUNDVAKT_LOG_FORMAT"
        and "_HTTP_" not in name
        and "_OPS_" not in name
        for name in environment("bureau")
    )


@pytest.mark.parametrize("ends", ["stopped", "killed"])
@pytest.mark.parametrize("service", LASTING)
def test_a_container_that_ends_is_started_again_and_the_main_job_goes_on(
    stack: Stack, numbers: Iterator[str], tenant: str, service: str, ends: str
) -> None:
    client, number = stack.tenant(tenant), next(numbers)
    to_stop = signal.SIGINT if service == "postgres" else signal.SIGTERM
    since = stack.signal(service, to_stop if ends == "stopped" else signal.SIGKILL)
    assert journey(stack, client, number) == EXPECTED  # type: ignore[arg-type]
    stack.healed(service, since)


@pytest.mark.parametrize("node", NODES)
def test_with_one_node_of_three_away_the_main_job_is_done(
    stack: Stack, numbers: Iterator[str], tenant: str, node: str
) -> None:
    stack.stop(node)
    try:
        assert journey(stack, stack.tenant(tenant), next(numbers)) == EXPECTED  # type: ignore[arg-type]
    finally:
        stack.start(node)


@pytest.mark.parametrize("service", [*SERVICES, "postgres"])
def test_what_was_stopped_goes_on_where_it_was(
    stack: Stack, numbers: Iterator[str], tenant: str, service: str
) -> None:
    client, number = stack.tenant(tenant), next(numbers)
    stack.stop(service)
    stack.start(service)
    assert journey(stack, client, number) == EXPECTED  # type: ignore[arg-type]
    for one in LASTING:
        stack.healed(one)
