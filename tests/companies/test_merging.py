"""Two companies become one, and two again: nothing is lost on the way, nor on the way back."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given as drawn
from hypothesis import strategies as st

from chassis.decider import Rejected
from chassis.edge import new_id
from chassis.streams import MemoryStreams, Stream, transact
from companies.company.model import companies
from companies.company.state import Company
from contracts.companies.company import (
    AddressChanged,
    ArchiveCompany,
    CompanyArchived,
    CompanyCreated,
    CompanyDetailsChanged,
    CompanyIdentity,
    CompanyMerged,
    DepartmentSet,
    InvoiceProfileChanged,
    MergeCompany,
    OtherCompanyTakenOver,
    OwnerAdded,
    OwnerRemoved,
    RelationEnded,
    RelationStarted,
    RestoreCompany,
    ReverseMerge,
)
from contracts.examples import example
from contracts.values import Address, AddressKind, CompanyDetails, Delivery, InvoiceProfile, Sealed

TWIN, STAYS = example(MergeCompany).company_id, example(MergeCompany).into
ANNA, BO = (UUID(f"0199a3c0-5e0{n}-700{n}-8a00-6b756e64000{n}") for n in (5, 6))
DAY = date(2026, 2, 1)
HERE, THERE = Address(lines=("Hamngatan 4",)), Address(lines=("Storgatan 1",))
PROFILE = InvoiceProfile(delivery=Delivery.PAPER)
Facts = Sequence[Any]


def begun(company_id: UUID, number: str | None = None, **more: Any) -> CompanyCreated:
    identity = CompanyIdentity(country="SE", number=number)
    fields = {"origin": "HAND", "name": "Sjöviks Snickeri", **more}
    return CompanyCreated(company_id=company_id, identity=identity, **fields)


def wish(form: Any, company_id: UUID = TWIN, **own: Any) -> Any:
    return form(
        command_id=new_id(),
        tenant="demo",
        by="user:1",
        at=datetime(2026, 3, 1, 9, tzinfo=UTC),
        correlation=new_id(),
        company_id=company_id,
        **own,
    )


class Register:
    """A tenant's companies, in memory."""

    def __init__(self, *facts: Any) -> None:
        self.streams = MemoryStreams()
        for fact in facts:
            self.streams.events.setdefault(self._stream(fact.company_id), []).append(fact)

    def _stream(self, company_id: UUID) -> Stream:
        return Stream("demo", "company", company_id)

    def facts(self, company_id: UUID) -> Facts:
        return self.streams.events.get(self._stream(company_id), [])

    def company(self, company_id: UUID) -> Company:
        return companies.fold(self.facts(company_id))

    async def merge(self, **own: Any) -> Any:
        return await transact(self.streams, companies, wish(MergeCompany, into=STAYS, **own))

    async def reverse(self) -> Any:
        return await transact(self.streams, companies, wish(ReverseMerge))


FULL: Facts = (
    begun(TWIN),
    CompanyDetailsChanged(
        company_id=TWIN,
        details=CompanyDetails(
            website="https://twin.example/", phone=Sealed(subject=TWIN, text="+46 8 123")
        ),
    ),
    AddressChanged(company_id=TWIN, kind=AddressKind.VISITING, address=HERE),
    RelationStarted(company_id=TWIN, relation="prospect", since=DAY),
    OwnerAdded(company_id=TWIN, user_id=ANNA),
    DepartmentSet(company_id=TWIN, department_id=BO),
    InvoiceProfileChanged(company_id=TWIN, profile=PROFILE),
)


async def test_the_one_that_stays_takes_over_what_it_lacks() -> None:
    register = Register(*FULL, begun(STAYS, "5560360793"))
    await register.merge()
    stays, twin = register.company(STAYS), register.company(TWIN)
    assert stays.by_hand["website"] == "https://twin.example/"
    assert stays.by_hand["phone"] == Sealed(subject=STAYS, text="+46 8 123")
    assert stays.addresses == {AddressKind.VISITING: HERE}
    assert stays.relations == {"prospect": DAY}
    assert (stays.owners, stays.department_id) == ({ANNA}, BO)
    assert stays.invoice_profile == PROFILE
    assert (twin.status, twin.merged_into) == ("merged", STAYS)
    assert twin.addresses == {AddressKind.VISITING: HERE}


async def test_it_keeps_whatever_it_has() -> None:
    own = (
        begun(STAYS),
        CompanyDetailsChanged(
            company_id=STAYS, details=CompanyDetails(website="https://ours.example/")
        ),
        AddressChanged(company_id=STAYS, kind=AddressKind.VISITING, address=THERE),
        RelationStarted(company_id=STAYS, relation="prospect", since=date(2025, 1, 1)),
        DepartmentSet(company_id=STAYS, department_id=ANNA),
    )
    register = Register(*FULL, *own)
    await register.merge()
    before, after = companies.fold(own), register.company(STAYS)
    assert after.by_hand["website"] == before.by_hand["website"]
    assert (after.addresses, after.relations) == (before.addresses, before.relations)
    assert after.department_id == ANNA


async def test_what_its_registry_says_is_not_overruled() -> None:
    said = CompanyDetails(vat_number="SE556036079301", description="Snickerier")
    told = CompanyDetailsChanged(company_id=TWIN, details=said)
    register = Register(begun(TWIN), told, begun(STAYS, "5560360793"))
    await register.merge()
    assert set(register.company(STAYS).by_hand) == {"name", "description"}


async def test_a_relation_that_ended_goes_on_where_it_ended() -> None:
    ended = date(2026, 2, 10)
    past = (
        RelationStarted(company_id=STAYS, relation="prospect", since=date(2025, 1, 1)),
        RelationEnded(company_id=STAYS, relation="prospect", until=ended),
    )
    register = Register(*FULL, begun(STAYS), *past)
    await register.merge()
    assert register.company(STAYS).relations == {"prospect": ended}


async def test_an_erased_text_is_not_taken_over() -> None:
    gone = CompanyDetails(email=Sealed(subject=TWIN))
    told = CompanyDetailsChanged(company_id=TWIN, details=gone)
    register = Register(begun(TWIN), told, begun(STAYS))
    await register.merge()
    assert "email" not in register.company(STAYS).by_hand


async def test_the_merge_tells_both_and_what_was_taken() -> None:
    register = Register(*FULL, begun(STAYS))
    await register.merge()
    merged = CompanyMerged(company_id=TWIN, into=STAYS, reason="DUPLICATE")
    assert register.facts(TWIN)[-1] == merged
    told = register.facts(STAYS)[-1]
    assert isinstance(told, OtherCompanyTakenOver)
    assert (told.merged_id, told.taken.owners) == (TWIN, (ANNA,))


async def test_merged_twice_into_the_same_is_refused_with_where_it_is() -> None:
    register = Register(*FULL, begun(STAYS))
    await register.merge()
    with pytest.raises(Rejected) as refusal:
        await register.merge()
    assert refusal.value.code == "company-merged"
    assert refusal.value.details == {"company_id": str(STAYS)}


async def test_the_same_wish_again_is_answered_as_before() -> None:
    register = Register(*FULL, begun(STAYS))
    asked = wish(MergeCompany, into=STAYS)
    first = await transact(register.streams, companies, asked)
    assert await transact(register.streams, companies, asked) == first


@pytest.mark.parametrize("form", [ArchiveCompany, RestoreCompany])
async def test_nothing_is_done_about_a_merged_company(form: Any) -> None:
    register = Register(*FULL, begun(STAYS))
    await register.merge()
    with pytest.raises(Rejected) as refusal:
        await transact(register.streams, companies, wish(form))
    assert refusal.value.code == "company-merged"


REFUSED: dict[str, tuple[Facts, dict[str, Any], str]] = {
    "itself": ((begun(TWIN),), {"into": TWIN}, "merge-with-itself"),
    "nobody": ((begun(TWIN),), {}, "merge-into-unknown"),
    "unknown": ((begun(STAYS),), {}, "company-unknown"),
    "archived": (
        (begun(TWIN), begun(STAYS), CompanyArchived(company_id=STAYS)),
        {},
        "merge-into-archived",
    ),
    "away": (
        (begun(TWIN), CompanyArchived(company_id=TWIN), begun(STAYS)),
        {},
        "company-archived",
    ),
    "a part": (
        (begun(TWIN), begun(STAYS), CompanyMerged(company_id=STAYS, into=BO, reason="DUPLICATE")),
        {},
        "merge-into-merged",
    ),
    "a workplace": (
        (begun(TWIN), begun(STAYS, "12345678", kind="WORKPLACE", parent_id=BO)),
        {},
        "merge-of-workplace",
    ),
    "two numbers": (
        (begun(TWIN, "5592675329"), begun(STAYS, "5560360793")),
        {},
        "merge-of-two-numbers",
    ),
    "the other way": ((begun(TWIN, "5592675329"), begun(STAYS)), {}, "merge-other-way-round"),
}


@pytest.mark.parametrize("case", REFUSED, ids=str)
async def test_what_makes_no_sense_is_refused_and_changes_neither(case: str) -> None:
    facts, own, code = REFUSED[case]
    register = Register(*facts)
    before = {stream: list(told) for stream, told in register.streams.events.items()}
    with pytest.raises(Rejected) as refusal:
        await transact(register.streams, companies, wish(MergeCompany, **{"into": STAYS, **own}))
    assert refusal.value.code == code
    assert register.streams.events == before


async def test_a_successor_takes_over_a_company_with_a_number_of_its_own() -> None:
    register = Register(begun(TWIN, "5592675329"), begun(STAYS, "5560360793"))
    await register.merge(reason="SUCCESSION")
    assert register.company(TWIN).status == "merged"
    assert register.company(STAYS).identity.number == "5560360793"


async def test_a_reversed_merge_gives_back_what_was_taken_over() -> None:
    register = Register(*FULL, begun(STAYS))
    stays, twin = register.company(STAYS), register.company(TWIN)
    await register.merge()
    await register.reverse()
    # That the prospect was one for a while is history; an invoice profile stays.
    ended = {"prospect": date(2026, 3, 1)}
    assert register.company(TWIN) == twin
    assert register.company(STAYS) == replace(stays, ended=ended, invoice_profile=PROFILE)


async def test_what_somebody_changed_since_is_theirs() -> None:
    register = Register(*FULL, begun(STAYS))
    await register.merge()
    later = (
        CompanyDetailsChanged(
            company_id=STAYS, details=CompanyDetails(website="https://new.example/")
        ),
        AddressChanged(company_id=STAYS, kind=AddressKind.VISITING, address=THERE),
        OwnerRemoved(company_id=STAYS, user_id=ANNA),
    )
    register.streams.events[Stream("demo", "company", STAYS)] += later
    await register.reverse()
    stays = register.company(STAYS)
    assert stays.by_hand["website"] == "https://new.example/"
    assert (stays.addresses, stays.owners) == ({AddressKind.VISITING: THERE}, frozenset())


async def test_a_merge_under_another_is_reversed_after_it() -> None:
    register = Register(*FULL, begun(STAYS), begun(BO))
    await register.merge()
    await transact(register.streams, companies, wish(MergeCompany, STAYS, into=BO))
    with pytest.raises(Rejected) as refusal:
        await register.reverse()
    assert refusal.value.code == "merge-into-merged"


async def test_a_company_that_was_not_merged_has_nothing_to_reverse() -> None:
    register = Register(begun(TWIN))
    answer = await register.reverse()
    assert answer.version == 1


class Late(MemoryStreams):
    """Streams where somebody changes the company that stays just before a merge is kept."""

    late: CompanyDetailsChanged | None = None

    async def append(self, append: Any) -> Any:
        """Let the other one be first, once."""
        if self.late:
            self.events[Stream("demo", "company", STAYS)].append(self.late)
            self.late = None
        return await super().append(append)


async def test_a_change_at_the_same_moment_is_seen() -> None:
    register = Register(*FULL, begun(STAYS))
    streams = Late()
    streams.events = register.streams.events
    streams.late = CompanyDetailsChanged(
        company_id=STAYS, details=CompanyDetails(website="https://first.example/")
    )
    await transact(streams, companies, wish(MergeCompany, into=STAYS))
    assert register.company(STAYS).by_hand["website"] == "https://first.example/"


def some_facts(company_id: UUID) -> st.SearchStrategy[list[Any]]:
    """Draw what may have happened to a company."""
    url = st.sampled_from(["https://a.example/", "https://b.example/"])
    address = st.sampled_from([HERE, THERE])
    fact = st.one_of(
        url.map(
            lambda it: CompanyDetailsChanged(
                company_id=company_id, details=CompanyDetails(website=it)
            )
        ),
        st.builds(
            lambda kind, where: AddressChanged(company_id=company_id, kind=kind, address=where),
            st.sampled_from(AddressKind),
            address,
        ),
        st.sampled_from([ANNA, BO]).map(lambda it: OwnerAdded(company_id=company_id, user_id=it)),
        st.sampled_from(["customer", "prospect"]).map(
            lambda it: RelationStarted(company_id=company_id, relation=it, since=DAY)
        ),
    )
    return st.lists(fact, max_size=8).map(lambda facts: [begun(company_id), *facts])


@drawn(some_facts(TWIN), some_facts(STAYS))
async def test_whatever_they_have_nothing_is_lost_and_all_comes_back(
    of_twin: list[Any], of_stays: list[Any]
) -> None:
    register = Register(*of_twin, *of_stays)
    twin, stays = register.company(TWIN), register.company(STAYS)
    await register.merge()
    both = register.company(STAYS)
    assert both.owners == twin.owners | stays.owners
    assert both.relations.keys() == twin.relations.keys() | stays.relations.keys()
    assert both.addresses == {**twin.addresses, **stays.addresses}
    assert both.by_hand == {**twin.by_hand, **stays.by_hand}
    await register.reverse()
    assert register.company(TWIN) == twin
    ended = {one: date(2026, 3, 1) for one in twin.relations.keys() - stays.relations.keys()}
    assert register.company(STAYS) == replace(stays, ended=ended)
