"""What a tenant reads over HTTP: its own, found, sorted, filtered, explained."""

from datetime import date
from typing import Any
from uuid import UUID

import pytest

from chassis.edge import new_id
from contracts.companies.company import (
    CompanyArchived,
    CompanyCreated,
    CompanyDetailsChanged,
    CompanyIdentity,
    OwnerAdded,
    RelationStarted,
)
from contracts.companies.department import DepartmentAdded
from contracts.companies.settings import RegistryPolicySet, settings_of
from contracts.companies.user import Role, UserAdded
from contracts.credit_alerts import CreditAlertRaised
from contracts.credit_monitor import CompanyRated, CreditRatingChanged, MonitoringStarted
from contracts.enrichment import CompanyEnriched
from contracts.examples import example
from contracts.values import CompanyDetails, Municipality, Sealed

pytestmark = pytest.mark.servers


def created(name: str, number: str | None = None) -> CompanyCreated:
    identity = CompanyIdentity(country="SE", number=number)
    return CompanyCreated(company_id=new_id(), origin="HAND", identity=identity, name=name)


def of(form: Any, company_id: UUID, **values: Any) -> Any:
    return example(form).model_copy(update={"company_id": company_id, **values})


def names(found: Any) -> list[str]:
    return [item["name"] for item in found["items"]]


async def test_a_card_is_read_with_the_version_it_is_changed_from(ours: Any) -> None:
    company = created("Sjöviks Snickeri", "5571200434")
    await ours.hears(company, of(CompanyEnriched, company.company_id))
    answer = await ours.client.get(f"/companies/{company.company_id}")
    assert answer.headers["etag"] == '"1"'
    card = answer.json()
    assert card["name"] == "Sjöviks Snickeri"
    assert card["sources"]["name"]["source"] == "hand"
    assert card["sources"]["legal_form"]["source"] == "registry"
    assert card["credit"]["watch"] is None


async def test_personal_texts_are_sealed_at_rest_and_readable_to_those_who_may(
    ours: Any,
) -> None:
    company = created("Sjöviks Snickeri")
    email = Sealed(subject=company.company_id, text="kansli@sjovik.example")
    changed = CompanyDetailsChanged(
        company_id=company.company_id, details=CompanyDetails(email=email)
    )
    await ours.hears(company, changed)
    row = await ours.site.pool.fetchval(
        "SELECT to_jsonb(c)::text FROM company_card c WHERE company_id = $1",
        str(company.company_id),
    )
    assert "kansli" not in row
    assert (await ours.get(f"/companies/{company.company_id}"))["email"] == email.text
    timeline = await ours.get(f"/companies/{company.company_id}/timeline")
    assert timeline["items"][0]["what"]["details"] == {"email": email.text}


async def test_what_only_others_spoke_of_is_not_a_company_yet(ours: Any) -> None:
    company_id = new_id()
    await ours.hears(of(CompanyEnriched, company_id))
    await ours.get(f"/companies/{company_id}", status=404)
    assert (await ours.get("/companies"))["items"] == []


async def test_a_read_waits_for_what_its_reader_wrote(ours: Any) -> None:
    company = created("Ett AB")
    await ours.hears(company)
    await ours.site.pool.execute(
        "INSERT INTO checkpoints VALUES ('gateway', 'companies', 1)"
        " ON CONFLICT (consumer, source) DO UPDATE SET position = 1"
    )
    assert await ours.get(f"/companies/{company.company_id}", after=1)
    # What has not come in two seconds is not waited for longer.
    assert await ours.get(f"/companies/{company.company_id}", after=10**9)


async def test_the_list_is_sorted_as_the_alphabet_is_and_paged(ours: Any) -> None:
    await ours.hears(*[created(name) for name in ("Öst", "Zeta", "Alfa", "Ås", "alfabet")])
    in_order = ["Alfa", "alfabet", "Zeta", "Ås", "Öst"]
    assert names(await ours.get("/companies")) == in_order
    assert names(await ours.get("/companies", sort="-name")) == in_order[::-1]
    assert names(await ours.get("/companies", sort="-created"))[0] == "alfabet"
    seen, cursor = [], None
    while True:
        query = {"limit": 2} | ({"cursor": cursor} if cursor else {})
        page = await ours.get("/companies", **query)
        assert (page["count"], page["count_is_minimum"]) == (5, False)
        seen += names(page)
        cursor = page["next_cursor"]
        if cursor is None:
            break
    assert seen == in_order


async def test_a_cursor_goes_on_with_its_own_question_only(ours: Any) -> None:
    await ours.hears(created("Ett"), created("Två"))
    cursor = (await ours.get("/companies", limit=1))["next_cursor"]
    for query in (
        {"cursor": cursor, "sort": "-name"},
        {"cursor": cursor, "q": "ett"},
        {"cursor": cursor[:-4]},
        {"cursor": "bm9uc2Vuc2U="},
        {"cursor": "%00"},
    ):
        problem = await ours.get("/companies", status=422, **query)
        assert problem["code"] == "cursor-invalid"


async def test_filters_narrow_the_list_together(ours: Any) -> None:
    one, other = created("Örebro Plåt", "5571200434"), created("Örebro Bygg")
    owner = new_id()
    place = CompanyDetails(municipality=Municipality(code="1880", name="Örebro"))
    await ours.hears(
        one,
        other,
        RelationStarted(company_id=one.company_id, relation="customer", since=date(2026, 1, 1)),
        RelationStarted(company_id=other.company_id, relation="prospect", since=date(2026, 1, 1)),
        OwnerAdded(company_id=one.company_id, user_id=owner),
        CompanyDetailsChanged(company_id=other.company_id, details=place),
        of(CompanyEnriched, one.company_id),
        of(CompanyRated, one.company_id),
    )
    wanted: list[dict[str, Any]] = [
        {"q": "orebro plat"},
        {"q": "557120-0434"},
        {"relation": "customer"},
        {"owner": str(owner)},
        {"municipality": "0188"},
        {"industry": "43"},
        {"credit_band": "C"},
    ]
    for query in wanted:
        assert names(await ours.get("/companies", **query)) == ["Örebro Plåt"], query
    together = {name: value for query in wanted[1:] for name, value in query.items()}
    assert names(await ours.get("/companies", **together)) == ["Örebro Plåt"]
    assert names(await ours.get("/companies", municipality="1880")) == ["Örebro Bygg"]
    assert names(await ours.get("/companies", q="100%")) == []


async def test_archived_companies_are_listed_apart(ours: Any) -> None:
    here, gone = created("Här"), created("Borta")
    await ours.hears(here, gone, CompanyArchived(company_id=gone.company_id))
    assert names(await ours.get("/companies")) == ["Här"]
    assert names(await ours.get("/companies", archived="true")) == ["Borta"]


async def test_credit_history_tells_what_was_said_the_latest_first(ours: Any) -> None:
    company = created("Ett AB")
    await ours.hears(
        company,
        of(CompanyRated, company.company_id),
        of(MonitoringStarted, company.company_id),
        of(CreditRatingChanged, company.company_id),
    )
    path = f"/companies/{company.company_id}/credit"
    history = await ours.get(path)
    assert [item["event"] for item in history["items"]] == [
        "CreditRatingChanged",
        "MonitoringStarted",
        "CompanyRated",
    ]
    assert history["items"][0]["old"]["band"]
    first = await ours.get(path, limit=1)
    rest = await ours.get(path, before=first["next_before"])
    assert [*first["items"], *rest["items"]] == history["items"]


async def test_the_timeline_says_why_back_to_the_request(ours: Any) -> None:
    company, request = created("Ett AB"), new_id()
    (begun,) = await ours.hears(company, correlation=request, by="key:abc")
    (found,) = await ours.hears(
        of(CompanyEnriched, company.company_id),
        correlation=request,
        causation=begun.id,
        by="policy:take-registry-facts",
    )
    await ours.hears(
        of(CompanyRated, company.company_id),
        correlation=request,
        causation=found.id,
        by="policy:rate",
    )
    timeline = await ours.get(f"/companies/{company.company_id}/timeline")
    rated = timeline["items"][0]
    assert (rated["event"], rated["by"]) == ("CompanyRated", "policy:rate")
    assert [(cause["event"], cause["by"]) for cause in rated["why"]] == [
        ("CompanyEnriched", "policy:take-registry-facts"),
        ("CompanyCreated", "key:abc"),
    ]
    assert {item["request"] for item in timeline["items"]} == {str(request)}


async def test_users_and_departments_are_listed_in_pages(ours: Any) -> None:
    people = sorted(new_id() for _ in range(3))
    await ours.hears(
        *[
            UserAdded(
                user_id=one,
                name=Sealed(subject=one, text=f"Person {n}"),
                email=Sealed(subject=one, text=f"p{n}@firm.example"),
                role=Role.USER,
            )
            for n, one in enumerate(people)
        ],
        DepartmentAdded(department_id=new_id(), name="Försäljning"),
    )
    first = await ours.get("/users", limit=2)
    rest = await ours.get("/users", cursor=first["next_cursor"])
    assert names({"items": first["items"] + rest["items"]}) == [
        "Person 0",
        "Person 1",
        "Person 2",
    ]
    assert (await ours.get(f"/users/{people[1]}"))["email"] == "p1@firm.example"
    assert names(await ours.get("/departments")) == ["Försäljning"]


ASKED_ELSEWHERE = ("/events", "/costs", "/credit-bureau")
"""The stream has tests of its own; the others are asked of the credit monitor."""
SAY_NO_NAMES = (
    "/keys",
    "/credit",
    "/timeline",
    "/settings",
    "/alert-preferences",
    "/settings/alerts",
    "/credit-policy",
    "/chart",
)


async def test_no_get_route_shows_one_tenant_anything_of_another(
    ours: Any, new_tenant: Any
) -> None:
    theirs = await new_tenant(f"{ours.name}-b")
    company, user, canary = created("Kanariefågel", "5571200434"), new_id(), "anariefågel"
    await ours.hears(
        company,
        of(CompanyRated, company.company_id),
        UserAdded(
            user_id=user,
            name=Sealed(subject=user, text="Kanariefågel"),
            email=Sealed(subject=user, text="k@firm.example"),
            role=Role.USER,
        ),
        DepartmentAdded(department_id=new_id(), name="Kanariefågel"),
        RegistryPolicySet(settings_id=settings_of(ours.name), policy="propose"),
        of(CreditAlertRaised, company.company_id),
    )
    document = (await ours.client.get("http://gateway/openapi.json")).json()
    ids = {"company_id": company.company_id, "user_id": user}
    asked = 0
    for path, methods in document["paths"].items():
        # The registry is everybody's, the stream has tests of its own, and what reports cost is
        # asked of whoever pays them.
        if "get" not in methods or "/registry" in path or path.endswith(ASKED_ELSEWHERE):
            continue
        place = path.removeprefix("/api/v1").format(**ids)
        own = await ours.client.get(place)
        foreign = await theirs.client.get(place)
        assert own.status_code == 200, place
        assert canary in own.text or place.endswith(SAY_NO_NAMES), place
        assert canary not in foreign.text
        assert str(company.company_id) not in foreign.text
        if "{" in path:
            never = await theirs.client.get(
                path.removeprefix("/api/v1").format(company_id=new_id(), user_id=new_id())
            )
            assert (foreign.status_code, foreign.json()) == (404, never.json()), place
        asked += 1
    assert asked >= 8
    assert await ours.get("/settings") == {"registry_policy": "propose"}
    assert await theirs.get("/settings") == {"registry_policy": "write"}
