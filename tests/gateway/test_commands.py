"""Tenants, keys and users by command line."""

import asyncio

import pytest
from typer import Typer
from typer.testing import CliRunner

from gateway import commands
from gateway.access.keys import Doorkeeper, Principal
from gateway.app import service
from onebox.testing import Installation, Servers

pytestmark = pytest.mark.servers


@pytest.fixture
def installation(servers: Servers, monkeypatch: pytest.MonkeyPatch) -> Installation:
    """Install under the product's own names, where the command line looks."""
    monkeypatch.setenv("KUNDVAKT_DATABASE_URL", servers.admin_url)
    monkeypatch.setenv("KUNDVAKT_NATS_URL", servers.nats.url("admin"))
    monkeypatch.setenv("KUNDVAKT_HOME", str(servers.home.path))
    return asyncio.run(servers.install("kundvakt", service))


def run(app: Typer, *words: str, code: int = 0) -> str:
    done = CliRunner().invoke(app, list(words))
    assert done.exit_code == code, done.output
    return done.output.strip()


def whose(installation: Installation, key: str) -> Principal | None:
    async def look() -> Principal | None:
        async with installation.site(service) as site:
            return await Doorkeeper(site.reader).look_up(key)

    return asyncio.run(look())


def test_a_tenant_gets_a_key_that_opens_until_it_is_revoked(
    installation: Installation, tenant: str
) -> None:
    assert run(commands.tenant, "add", tenant, "--name", "Sjöviks Snickeri") == tenant
    assert run(commands.tenant, "add", tenant) == tenant
    key = run(commands.key, "add", "--tenant", tenant, "--role", "admin", "--label", "the shop")
    found = whose(installation, key)
    assert found
    assert (found.tenant, found.role) == (tenant, "admin")
    listed = run(commands.tenant, "keys", tenant)
    assert "the shop" in listed
    assert key not in listed
    run(commands.key, "revoke", found.key_id)
    assert whose(installation, key) is None
    assert "revoked" in run(commands.tenant, "keys", tenant)


@pytest.mark.usefixtures("installation")
def test_what_cannot_be_is_said_in_a_sentence(tenant: str) -> None:
    assert "not a tenant's slug" in run(commands.tenant, "add", "Not A Slug", code=2)
    assert "no tenant" in run(commands.key, "add", "--tenant", tenant, code=1)
    assert "no key" in run(commands.key, "revoke", "000000000000", code=1)
    user = ("add", "--tenant", tenant, "--name", "Eva", "--email", "nowhere")
    assert "e-mail" in run(commands.user, *user, code=2)


@pytest.mark.usefixtures("installation")
def test_with_nobody_to_answer_a_user_is_not_added(
    tenant: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(commands, "DEADLINE_SECONDS", 0.2)
    user = ("add", "--tenant", tenant, "--name", "Eva", "--email", "eva@firm.example")
    assert "does not answer" in run(commands.user, *user, code=1)


@pytest.mark.usefixtures("installation")
def test_a_tenant_without_users_has_none(tenant: str) -> None:
    assert run(commands.user, "list", "--tenant", tenant) == ""
