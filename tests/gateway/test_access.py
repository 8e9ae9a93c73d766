"""Who may come in: keys by their hash, roles by what routes ask for, tenants apart."""

from types import SimpleNamespace
from typing import Any

import asyncpg
import pytest
from fastapi import APIRouter, FastAPI

from chassis.edge import new_id
from chassis.site import Site
from chassis.tenancy import tenant_transaction
from contracts.companies.user import Role
from gateway import app as gateway
from gateway.access import admin
from gateway.access.keys import Doorkeeper
from gateway.access.permit import WITHOUT_KEY, permissions, require_permissions
from gateway.access.roles import ALLOWED, Permission


def composed() -> FastAPI:
    nowhere: Any = SimpleNamespace(reader=None, pool=None, service=gateway.service)
    return gateway.http(nowhere)


def test_every_route_asks_for_one_permission() -> None:
    routes = list(permissions(composed()))
    assert len(routes) > 30
    assert all(len(asked) == 1 for _, _, asked in routes)


def test_no_route_but_those_whose_address_is_the_secret_goes_without_a_key() -> None:
    assert {"/api/v1/bureaus/tic/hooks/{secret}"} == WITHOUT_KEY


@pytest.mark.servers
@pytest.mark.parametrize("secret", ["x", "acme", "acme.", f"acme.{'0' * 63}", f"A.{'0' * 64}"])
async def test_an_address_nobody_gave_out_is_not_there(ours: Any, secret: str) -> None:
    bare = {"Authorization": ""}
    answer = await ours.client.post(f"/bureaus/tic/hooks/{secret}", json=[], headers=bare)
    assert (answer.status_code, answer.json()["code"]) == (404, "hook-unknown")


@pytest.mark.servers
@pytest.mark.parametrize("body", [b"", b"{", b"[" * 9, b"\xff", b'[{"companyId": 1}]'])
async def test_whoever_has_a_secret_address_is_answered_at_once_whatever_is_sent(
    ours: Any, body: bytes
) -> None:
    where = f"/bureaus/tic/hooks/{ours.name}.{'0' * 64}"
    answer = await ours.client.post(where, content=body, headers={"Authorization": ""})
    assert (answer.status_code, answer.content) == (202, b"")


def test_a_route_without_a_permission_stops_the_start() -> None:
    forgotten = APIRouter()

    @forgotten.get("/api/v1/forgotten")
    async def forget() -> None:
        """Do nothing."""

    app = composed()
    app.include_router(forgotten)
    with pytest.raises(RuntimeError, match="/api/v1/forgotten"):
        require_permissions(app)


def test_reading_routes_need_no_more_than_a_reader_has() -> None:
    for path, methods, asked in permissions(composed()):
        readable = asked <= ALLOWED[Role.READER]
        assert readable == (methods == {"GET"} and not path.endswith("/keys")), (methods, path)


def test_each_role_may_what_the_one_below_it_may() -> None:
    assert ALLOWED[Role.READER] < ALLOWED[Role.USER] < ALLOWED[Role.ADMIN]
    assert ALLOWED[Role.ADMIN] <= ALLOWED[Role.OPERATOR]
    assert Permission.MANAGE_KEYS not in ALLOWED[Role.USER]


@pytest.mark.servers
async def test_no_key_and_no_part_of_one_is_kept(site: Site, ours: Any) -> None:
    rows = await site.pool.fetch(
        "SELECT to_jsonb(f)::text FROM app.find_key($1) f", ours.key.split("_")[1]
    )
    assert len(rows) == 1
    assert ours.key.split("_")[2] not in str(rows)


@pytest.mark.servers
@pytest.mark.parametrize(
    "header", ["", "Bearer", "Bearer kv_x", "Basic a2V5", "Bearer kv_0123456789ab_" + "0" * 64]
)
async def test_without_a_key_nothing_is_answered(ours: Any, header: str) -> None:
    for path in ("/companies", "/nowhere", "/events"):
        answer = await ours.client.get(path, headers={"Authorization": header})
        assert answer.status_code == 401
        assert answer.headers["www-authenticate"].startswith("Bearer")
        assert answer.json()["code"] in {"key-missing", "key-refused"}


@pytest.mark.servers
async def test_another_secret_under_a_known_id_is_refused(ours: Any) -> None:
    other = ours.key[:-1] + ("0" if ours.key[-1] != "0" else "1")
    answer = await ours.client.get("/companies", headers={"Authorization": f"Bearer {other}"})
    assert answer.status_code == 401


@pytest.mark.servers
async def test_a_revoked_key_is_refused_at_once_here_and_soon_elsewhere(
    site: Site, ours: Any
) -> None:
    text = await admin.add_key(site.pool, ours.name, Role.READER, "to be revoked")
    elsewhere, key_id = Doorkeeper(site.reader), text.split("_")[1]
    bearer = {"Authorization": f"Bearer {text}"}
    assert await elsewhere.recognise(text)
    assert (await ours.client.get("/companies", headers=bearer)).status_code == 200
    assert (await ours.client.delete(f"/keys/{key_id}")).status_code == 204
    assert (await ours.client.get("/companies", headers=bearer)).status_code == 401
    assert await elsewhere.look_up(text) is None


@pytest.mark.servers
async def test_a_role_may_only_what_it_may(ours: Any, new_tenant: Any) -> None:
    reader = await new_tenant(ours.name, Role.READER)
    refused = await reader.client.post("/companies", json={"name": "A", "country": "SE"})
    assert (refused.status_code, refused.json()["code"]) == (403, "not-allowed")
    assert (await reader.client.get("/keys")).status_code == 403


@pytest.mark.servers
async def test_a_key_is_shown_once_and_then_by_its_label(ours: Any) -> None:
    made = await ours.client.post("/keys", json={"role": "user", "label": "the shop"})
    assert made.status_code == 201
    listed = await ours.get("/keys")
    assert "the shop" in [key["label"] for key in listed["items"]]
    assert made.json()["key"] not in str(listed)


@pytest.mark.servers
async def test_another_tenants_key_is_as_unknown_as_one_that_never_was(
    ours: Any, new_tenant: Any
) -> None:
    theirs = await new_tenant(f"{ours.name}-b")
    foreign = await theirs.client.delete(f"/keys/{ours.key.split('_')[1]}")
    unknown = await theirs.client.delete("/keys/000000000000")
    assert (foreign.status_code, foreign.json()) == (unknown.status_code, unknown.json())
    assert await ours.get("/companies")


@pytest.mark.servers
async def test_row_level_security_holds_where_a_condition_is_forgotten(
    site: Site, ours: Any, new_tenant: Any
) -> None:
    theirs = await new_tenant(f"{ours.name}-b")
    for table in ("api_keys", "tenants"):
        async with tenant_transaction(site.reader, theirs.name) as connection:
            seen = await connection.fetch(f"SELECT DISTINCT tenant_id FROM {table}")
        assert [row["tenant_id"] for row in seen] == [theirs.name]
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await site.reader.fetch("SELECT digest FROM api_keys")


@pytest.mark.servers
async def test_every_table_of_tenants_is_protected_and_every_view_too(site: Site) -> None:
    unprotected = await site.pool.fetch(
        "SELECT c.relname FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid"
        " WHERE a.attname = 'tenant_id' AND c.relkind IN ('r', 'p')"
        " AND c.relnamespace = 'public'::regnamespace"
        " AND NOT (c.relrowsecurity AND c.relforcerowsecurity"
        "          AND EXISTS (SELECT FROM pg_policy p WHERE p.polrelid = c.oid))"
    )
    assert [row["relname"] for row in unprotected] == []
    views = await site.pool.fetch(
        "SELECT relname FROM pg_class WHERE relkind = 'v'"
        " AND relnamespace = 'public'::regnamespace"
        " AND NOT coalesce(reloptions @> ARRAY['security_invoker=true'], false)"
    )
    assert [row["relname"] for row in views] == []


@pytest.mark.servers
async def test_adding_a_tenant_again_changes_nothing(site: Site, ours: Any) -> None:
    await admin.add_tenant(site.pool, ours.name, "another name")
    async with tenant_transaction(site.reader, ours.name) as connection:
        assert await connection.fetchval("SELECT name FROM tenants") == ours.name


@pytest.mark.servers
async def test_a_key_needs_a_tenant(site: Site) -> None:
    with pytest.raises(Exception, match="no tenant"):
        await admin.add_key(site.pool, f"t{new_id().hex[-8:]}", Role.USER, "nobody's")
