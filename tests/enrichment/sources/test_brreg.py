"""Brønnøysundregistrene's own traps, over real HTTP."""

from datetime import date, timedelta
from pathlib import Path

import pytest
from cases import norwegian_number

from chassis.edge import now
from enrichment.formats.source import form_of, opened
from enrichment.sample.company import Sampled
from enrichment.sources.brreg import Brreg
from enrichment.sources.brreg_wire import changes_of, page_of
from enrichment.sources.port import (
    Change,
    ChangeKind,
    Deleted,
    Found,
    Garbled,
    Place,
    Removed,
    Unavailable,
    Unknown,
)
from standins.testing import StandIn

NEW_UNIT = norwegian_number(2)
LONG_AGO = Place(now() - timedelta(days=4000))


@pytest.fixture
def company(norwegian: list[Sampled]) -> Sampled:
    return next(one for one in norwegian if one.units and not one.deregistered_on)


def change(registries: StandIn, number: str, kind: str = "enheter", **wish: object) -> None:
    registries.control("POST", f"documents/{kind}/{number}", dict(wish))


async def entries(brreg: Brreg, after: Place, feed: str = "enheter") -> list[Change]:
    return list((await brreg.changes(feed, after, 100)).entries)


async def end(brreg: Brreg, feed: str = "enheter") -> Place:
    """Return where a feed ends now."""
    place = LONG_AGO
    while (read := await brreg.changes(feed, place, 100)).entries:
        place = read.place
    return place


async def test_a_deleted_company_and_a_removed_one_are_told_apart(
    brreg: Brreg, registries: StandIn, norwegian: list[Sampled]
) -> None:
    gone = next(one for one in norwegian if one.deregistered_on)
    assert await brreg.look_up("NO", gone.number) == Deleted(
        "NO", gone.number, gone.deregistered_on
    )
    removed = norwegian[-1].number
    change(registries, removed, state="removed")
    assert await brreg.look_up("NO", removed) == Removed("NO", removed)
    change(registries, removed)


async def test_a_sub_units_own_number_is_found_too(brreg: Brreg, company: Sampled) -> None:
    found = await brreg.look_up("NO", company.units[0].number)
    assert isinstance(found, Found)
    assert found.listing.parent == company.number


async def test_many_numbers_are_one_call_and_those_in_no_list_are_asked_for_alone(
    brreg: Brreg, registries: StandIn, norwegian: list[Sampled]
) -> None:
    numbers = [one.number for one in norwegian[:60]]
    found = await brreg.look_up_all("NO", [*numbers, "974760673"], "enheter")
    assert set(found) == {*numbers, "974760673"}
    gone = {number for number, one in found.items() if isinstance(one, Deleted)}
    assert gone >= {one.number for one in norwegian[:60] if one.deregistered_on}
    assert found["974760673"] == Unknown("NO", "974760673")
    assert len(registries.control("GET", "calls")) == 1 + len(gone) + 1


async def test_a_feed_tells_what_changed_and_which_fields(
    brreg: Brreg, registries: StandIn, company: Sampled
) -> None:
    before = await end(brreg)
    moved = {"forretningsadresse": {"postnummer": "5004", "adresse": ["Nygaten 1"]}}
    change(registries, company.number, set={**moved, "konkurs": True})
    change(registries, company.number, set={"konkurs": False}, state="deleted")
    change(registries, company.number, state="removed")
    change(registries, company.number)
    changed, deleted, removed, back = await entries(brreg, before)
    assert changed.kind is ChangeKind.CHANGED
    assert changed.fields == {"forretningsadresse", "konkurs"}
    assert (deleted.kind, removed.kind) == (ChangeKind.DELETED, ChangeKind.REMOVED)
    assert {one.number for one in (changed, deleted, removed, back)} == {company.number}


async def test_a_new_sub_unit_is_told_by_its_own_feed(
    brreg: Brreg, registries: StandIn, company: Sampled
) -> None:
    before = await end(brreg, "underenheter")
    unit = {
        "organisasjonsnummer": NEW_UNIT,
        "navn": "NY AVDELING",
        "organisasjonsform": {"kode": "BEDR"},
        "overordnetEnhet": company.number,
    }
    change(registries, NEW_UNIT, "underenheter", set=unit)
    (new,) = await entries(brreg, before, "underenheter")
    assert (new.kind, new.number) == (ChangeKind.NEW, NEW_UNIT)
    assert await entries(brreg, await end(brreg)) == []
    change(registries, NEW_UNIT, "underenheter", state="deleted")


async def test_a_long_feed_is_read_by_id_past_where_pages_end(
    brreg: Brreg, registries: StandIn, company: Sampled
) -> None:
    place = await end(brreg)
    registries.control("POST", f"feed/enheter/{company.number}/57")
    seen: list[int] = []
    for _ in range(57):
        read = await brreg.changes("enheter", place, 2)
        seen += [entry.id for entry in read.entries]
        place = read.place
        if not read.left:
            break
    assert len(seen) == len(set(seen)) == 57
    assert seen == sorted(seen)


async def test_a_feed_that_was_put_back_is_read_again_from_before(
    brreg: Brreg, registries: StandIn, company: Sampled
) -> None:
    await end(brreg)
    registries.control("POST", f"feed/enheter/{company.number}/3")
    place = await end(brreg)
    registries.control("POST", "feed/enheter/back/3")
    read = await brreg.changes("enheter", place, 100)
    assert read.went_back
    assert (read.place.id, read.entries) == (None, ())
    assert read.place.at < place.at


def test_an_entry_under_our_id_that_is_another_means_the_feed_went_back() -> None:
    item = {
        "oppdateringsid": 7,
        "dato": "2026-11-01T00:00:00.000Z",
        "organisasjonsnummer": "815000129",
        "endringstype": "Noe nytt",
    }
    body = {
        "_embedded": {"oppdaterteEnheter": [item, item]},
        "page": {"totalElements": 2, "totalPages": 1},
    }
    page = page_of(body, "oppdaterteEnheter")
    (entry,) = changes_of(page, Place(LONG_AGO.at)).entries
    assert entry.kind is ChangeKind.UNCLEAR
    assert not changes_of(page, Place(entry.at, 7)).went_back
    assert changes_of(page, Place(entry.at + timedelta(seconds=1), 7)).went_back


@pytest.mark.parametrize("patch", [None, "x", [1], [{"op": "replace", "path": ""}]])
async def test_a_patch_that_cannot_be_read_says_that_anything_may_have_changed(
    patch: object,
) -> None:
    item = {
        "oppdateringsid": 7,
        "dato": "2026-11-01T00:00:00.000Z",
        "organisasjonsnummer": "815000129",
        "endringstype": "Endring",
        "endringer": patch,
    }
    body = {"_embedded": {"k": [item]}, "page": {"totalElements": 1, "totalPages": 1}}
    (entry,) = changes_of(page_of(body, "k"), LONG_AGO).entries
    assert entry.fields == frozenset()


@pytest.mark.parametrize("body", [None, [], {}, {"_embedded": {"k": 1}}, {"page": 1}])
def test_a_page_that_is_none_is_garbled(body: object) -> None:
    with pytest.raises(Garbled):
        page_of(body, "k")


async def test_a_size_the_register_refuses_is_said_with_its_words(
    brreg: Brreg, registries: StandIn
) -> None:
    registries.control("POST", "faults", {"status": 400})
    with pytest.raises(Unavailable, match="400"):
        await brreg.changes("enheter", LONG_AGO, 10)


async def test_the_nightly_files_are_downloaded_once_and_whole(
    brreg: Brreg, registries: StandIn, tmp_path: Path
) -> None:
    editions = await brreg.bulk(tmp_path, {})
    assert {edition.path.name for edition in editions} == {
        "enheter.json.gz",
        "underenheter.json.gz",
    }
    for edition in editions:
        with opened(edition.path) as file:
            assert list(form_of(edition.path).read(file))
    known = {edition.path.name: edition.tag for edition in editions}
    assert await brreg.bulk(tmp_path, known) == []
    registries.control("POST", "faults", {"fail": "disconnect", "path": "lastned"})
    with pytest.raises(Unavailable):
        await brreg.bulk(tmp_path / "..", {})


async def test_a_day_is_read_off_a_moment(
    registries: StandIn, brreg: Brreg, company: Sampled
) -> None:
    change(registries, company.number, set={"slettedato": "2024-05-02"}, state="deleted")
    gone = await brreg.look_up("NO", company.number)
    assert gone == Deleted("NO", company.number, date(2024, 5, 2))
    change(registries, company.number, set={"slettedato": None})
