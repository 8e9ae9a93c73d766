"""Personal texts: readable in memory, unreadable at rest once their key is destroyed."""

import asyncio
from typing import Any
from uuid import UUID

import asyncpg
import pytest

from chassis import keys as keyring
from chassis import sealing
from chassis.decider import Rejected
from chassis.edge import new_id
from chassis.keys import KeyRing, destroy
from chassis.migrate import with_database
from chassis.streams import Append, Stream, Write, transact
from chassis.tenancy import set_tenant
from companies.user.model import users
from contracts.companies.user import AddUser, Role, UserAdded
from contracts.values import Sealed

pytestmark = pytest.mark.servers
CANARY = "Anna Canary Andersson"


@pytest.fixture
async def site(bench: Any) -> Any:
    return await bench.open()


async def in_keys(bench: Any, sql: str, *args: Any, tenant: str = "") -> list[Any]:
    """Do something in the database of keys as the administrator."""
    url = with_database(bench.servers.admin_url, "bench_keys")
    connection = await asyncpg.connect(url)
    try:
        if tenant:
            await connection.execute("SET ROLE bench_eraser")
            async with connection.transaction():
                await set_tenant(connection, tenant)
                await destroy(connection, tenant, args[0])
            return []
        return list(await connection.fetch(sql, *args))
    finally:
        await connection.close()


async def erase(bench: Any, subject: UUID) -> None:
    await in_keys(bench, "", subject, tenant=bench.tenant)


def add_user(bench: Any, user: UUID, name: str = CANARY) -> AddUser:
    common = bench.add("x").model_dump(exclude={"type", "department_id", "name"})
    text = Sealed(subject=user, text=name)
    mail = Sealed(subject=user, text="anna@canary.example")
    return AddUser(**common, user_id=user, name=text, email=mail, role=Role.USER)


async def stored(site: Any) -> str:
    """Return everything the record holds, as text."""
    rows = await site.pool.fetch(
        "SELECT events::text FROM events UNION ALL SELECT commands::text FROM commands"
        " UNION ALL SELECT claims::text FROM claims"
    )
    return "\n".join(row[0] for row in rows)


async def test_a_sealed_text_is_unreadable_at_rest_and_readable_in_memory(
    bench: Any, site: Any
) -> None:
    user = new_id()
    command = add_user(bench, user)
    await transact(site.streams, users, command)
    record = await stored(site)
    assert "user-added" in record
    assert "Canary" not in record
    assert "canary.example" not in record
    past = await site.streams.read(Stream(bench.tenant, "user", user), add_user(bench, user))
    assert [event.name.text for event in past.events] == [CANARY]


async def test_without_sealing_the_text_would_stand_in_the_record(
    bench: Any, site: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def open_hearted(_keys: Any, _tenant: str, _stream: UUID, data: Any) -> Any:
        return data

    monkeypatch.setattr(sealing, "seal", open_hearted)
    await transact(site.streams, users, add_user(bench, new_id()))
    with pytest.raises(AssertionError):
        assert "Canary" not in await stored(site)


async def test_once_erased_the_text_is_absent_for_ever(bench: Any, site: Any) -> None:
    user = new_id()
    await transact(site.streams, users, add_user(bench, user))
    await erase(bench, user)
    site.keys.forget(bench.tenant, user)
    past = await site.streams.read(Stream(bench.tenant, "user", user), add_user(bench, user))
    assert [(event.name.text, event.name.sealed) for event in past.events] == [(None, None)]
    [row] = await in_keys(bench, "SELECT * FROM subject_keys WHERE subject_id = $1", user)
    assert row["wrapped"] is None


async def test_nothing_more_is_written_about_who_was_erased(bench: Any, site: Any) -> None:
    user = new_id()
    await erase(bench, user)
    with pytest.raises(Rejected) as refusal:
        await transact(site.streams, users, add_user(bench, user))
    assert refusal.value.code == "subject-erased"
    assert await site.pool.fetchval("SELECT count(*) FROM events") == 0


async def test_a_sealed_text_opens_at_its_own_place_alone(bench: Any, site: Any) -> None:
    subject, stream, tenant = new_id(), new_id(), bench.tenant
    data = {"name": {"kind": "sealed", "subject": str(subject), "text": CANARY}}
    sealed = await sealing.seal(site.keys, tenant, stream, data)
    assert CANARY not in str(sealed)
    assert await sealing.unseal(site.keys, tenant, stream, sealed) == data
    moved = {"email": sealed["name"]}
    assert "text" not in (await sealing.unseal(site.keys, tenant, stream, moved))["email"]
    assert "text" not in (await sealing.unseal(site.keys, tenant, new_id(), sealed))["name"]
    other = f"{tenant}-b"
    copied = {"name": {"kind": "sealed", "subject": str(subject), "text": "x"}}
    await sealing.seal(site.keys, other, stream, copied)
    assert "text" not in (await sealing.unseal(site.keys, other, stream, sealed))["name"]


async def test_unbound_a_sealed_text_would_open_anywhere(
    bench: Any, site: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sealing, "_bound_to", lambda *_: b"")
    data = {"name": {"kind": "sealed", "subject": str(new_id()), "text": CANARY}}
    sealed = await sealing.seal(site.keys, bench.tenant, new_id(), data)
    opened = await sealing.unseal(site.keys, bench.tenant, new_id(), {"email": sealed["name"]})
    assert opened["email"]["text"] == CANARY


async def test_a_text_is_sealed_wherever_it_stands(bench: Any, site: Any) -> None:
    def text(subject: UUID) -> dict[str, str]:
        return {"kind": "sealed", "subject": str(subject), "text": CANARY}

    data = {"people": [{"name": text(new_id())}, {"name": text(new_id())}], "one": text(new_id())}
    stream = new_id()
    sealed = await sealing.seal(site.keys, bench.tenant, stream, data)
    assert CANARY not in str(sealed)
    assert await sealing.unseal(site.keys, bench.tenant, stream, sealed) == data


async def test_keys_are_kept_wrapped(bench: Any, site: Any) -> None:
    subject = new_id()
    key = await site.keys.make(bench.tenant, subject)
    digest = await site.keys.digest(bench.tenant, "x")
    rows = await in_keys(
        bench, "SELECT wrapped FROM subject_keys UNION ALL SELECT wrapped FROM tenant_keys"
    )
    assert len(digest) == len(key) == 32
    assert any(row["wrapped"] for row in rows)
    assert all(key not in (row["wrapped"] or b"") for row in rows)
    with pytest.raises(Exception, match=r"^$"):
        await KeyRing(site.keys._pool, bytes(32)).find(bench.tenant, subject)  # noqa: SLF001


async def test_many_who_make_a_key_at_once_get_the_same(bench: Any) -> None:
    subject = new_id()
    sites = [await bench.open() for _ in range(3)]
    found = await asyncio.gather(
        *(site.keys.make(bench.tenant, subject) for site in sites for _ in range(3))
    )
    assert len(set(found)) == 1


async def test_a_destroyed_key_is_forgotten_by_every_process_within_two_seconds(
    bench: Any, site: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert keyring.CACHE_SECONDS == 2.0
    moment = 1000.0
    monkeypatch.setattr(keyring.time, "monotonic", lambda: moment)
    subject = new_id()
    key = await site.keys.make(bench.tenant, subject)
    await erase(bench, subject)
    moment += 1.9
    assert await site.keys.find(bench.tenant, subject) == key
    moment += 0.2
    assert await site.keys.find(bench.tenant, subject) is None


async def test_a_service_can_neither_destroy_nor_read_anothers_keys(bench: Any, site: Any) -> None:
    subject = new_id()
    await site.keys.make(bench.tenant, subject)
    pool = site.keys._pool  # noqa: SLF001
    for sql in ("UPDATE subject_keys SET wrapped = NULL", "DELETE FROM subject_keys"):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await pool.execute(sql)
    with pytest.raises(asyncpg.InsufficientPrivilegeError, match="no tenant"):
        await pool.fetch("SELECT * FROM subject_keys")
    assert await site.keys.find(f"{bench.tenant}-b", subject) is None


async def test_one_append_that_cannot_be_kept_does_not_take_others_with_it(
    bench: Any, site: Any
) -> None:
    def append(name: str) -> Append:
        command = bench.add(name)
        user = command.department_id
        text = Sealed(subject=user, text=name)
        event = UserAdded(user_id=user, name=text, email=text, role=Role.USER)
        if name == "bad":
            event = event.model_copy(update={"role": "a\0b"})
        return Append(command, 0, (Write(Stream(bench.tenant, "user", user), 0, [event]),))

    wishes = [append(name) for name in ("one", "two", "bad", "three")]
    outcomes = await asyncio.gather(
        *(site.streams.append(wish) for wish in wishes), return_exceptions=True
    )
    assert [isinstance(outcome, Exception) for outcome in outcomes] == [False, False, True, False]
    assert await site.pool.fetchval("SELECT count(*) FROM events") == 3
