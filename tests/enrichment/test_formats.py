"""The registries' files, with everything that is strange about them."""

import gzip
import io
import json
import zipfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter

from contracts.values import CompanyDetails
from enrichment.formats import bolagsverket, brreg, json_objects, scb
from enrichment.formats.json_objects import objects
from enrichment.formats.listing import FileBroken, Listing, Skipped, website
from enrichment.formats.source import form_of, opened, rows_about
from enrichment.registry import facts_of
from enrichment.sample import swedish_rows
from enrichment.sample.company import Sampled, companies
from enrichment.sample.files import NORWEGIAN, SWEDISH, write_sample
from enrichment.sample.swedish_rows import BOLAGSVERKET_HEAD, SCB_HEAD

HEAD = BOLAGSVERKET_HEAD.decode()
ROW = (
    '"5570123454$ORGNR-IDORG";"";"SE-LAND";"Granhult Redovisning AB$FORETAGSNAMN-ORGNAM$2020-03-15"'
    ';"AB-ORGFO";"";"";"KK-AVOMFO$2026-08-26";"2020-03-15";"Bolaget ska bedriva redovisning."'
    ';"Exempelgatan 2$$GRANHULT$12345$SE-LAND"\n'
)


def bolagsverket_rows(text: str) -> list[Listing | Skipped]:
    return list(bolagsverket.read(io.BytesIO((HEAD + text).encode())))


def one(rows: list[Listing | Skipped]) -> dict[str, Any]:
    (row,) = rows
    assert isinstance(row, Listing)
    return row.facts


def test_bolagsverket_says_who_a_company_is() -> None:
    facts = one(bolagsverket_rows(ROW))
    assert facts["name"] == "Granhult Redovisning AB"
    assert facts["legal_form"] == {"code": "AB", "text": "Aktiebolag"}
    assert facts["proceedings"] == [{"kind": "bankruptcy", "since": "2026-08-26"}]
    assert facts["postal"]["lines"] == ["Exempelgatan 2"]
    assert facts["city"] == "GRANHULT"
    assert "deregistered_on" not in facts


@pytest.mark.parametrize(
    "text",
    [
        'Bolaget, kallat "Prima", ska sälja; allt.',
        'Det heter "A";"B" och så vidare.',
        "Första raden\nandra raden\n\nsista raden",
        'slutar med citat"',
        "",
    ],
)
def test_stray_quotes_and_line_breaks_in_a_text_do_no_harm(text: str) -> None:
    facts = one(bolagsverket_rows(ROW.replace("Bolaget ska bedriva redovisning.", text)))
    assert facts.get("description", "") == " ".join(text.split())
    assert facts["city"] == "GRANHULT"


def test_a_company_is_called_by_its_own_name_rather_than_a_secondary_one() -> None:
    names = "Solskivan$SARSKILT-ORGNAM$2021-01-01$Café|Granhult AB$FORETAGSNAMN-ORGNAM$2020-03-15"
    row = ROW.replace("Granhult Redovisning AB$FORETAGSNAMN-ORGNAM$2020-03-15", names)
    assert one(bolagsverket_rows(row))["name"] == "Granhult AB"


@pytest.mark.parametrize("kind", ["PERSON-IDORG", "DODSBO-IDORG"])
def test_people_are_passed_over(kind: str) -> None:
    row = ROW.replace("5570123454$ORGNR-IDORG", f"191212121212${kind}")
    assert bolagsverket_rows(row + ROW)[0] is Skipped.PERSONAL


def test_a_row_with_too_few_fields_is_counted_and_the_next_is_read() -> None:
    broken, whole = bolagsverket_rows('"5570123454$ORGNR-IDORG";"";"SE-LAND"\n' + ROW)
    assert broken is Skipped.BROKEN
    assert isinstance(whole, Listing)


def scb_bulk(*rows: dict[str, str]) -> list[Listing | Skipped]:
    columns = SCB_HEAD.decode("cp1252").rstrip("\r\n").split("\t")
    lines = ["\t".join(row.get(column, "") for column in columns) + "\r\n" for row in rows]
    return list(scb.read_bulk(io.BytesIO(SCB_HEAD + "".join(lines).encode("cp1252"))))


def test_scb_is_read_as_cp1252_with_a_tab_too_many() -> None:
    row = {"PeOrgNr": "165570123454", "Namn": "Åkeri Ö – Café", "Ng1": "49410", "JurForm": "49"}  # noqa: RUF001 - a dash of cp1252
    facts = one(scb_bulk(row))
    assert facts["name"] == "Åkeri Ö – Café"  # noqa: RUF001 - the same
    assert facts["industries"] == [{"scheme": "SNI2025", "code": "49410"}]
    assert facts["legal_form"]["code"] == "AB"


def test_scb_columns_may_stand_in_another_order_and_rows_be_short() -> None:
    columns = ["PeOrgNr", "Namn", *(c for c in scb.BULK_COLUMNS if c not in {"PeOrgNr", "Namn"})]
    text = "\t".join(columns) + "\t\r\n165570123454\tGranhult AB\t\r\n\r\n165570123454\r\n"
    first, second = scb.read_bulk(io.BytesIO(text.encode("cp1252")))
    assert isinstance(first, Listing)
    assert first.facts == {"name": "Granhult AB", "key": "granhult"}
    assert isinstance(second, Listing)
    assert second.facts == {}


def test_advertising_is_blocked_where_scb_says_so() -> None:
    codes = {"11": False, "13": False, "21": True, "23": True, "": None, "x": None}
    for code, blocked in codes.items():
        row = {"PeOrgNr": "165570123454", "Namn": "X", "Reklamsparrtyp": code}
        assert one(scb_bulk(row)).get("no_marketing") is blocked


@pytest.mark.parametrize("number", ["191212121212", "165501013454"])
def test_a_number_that_may_be_a_persons_is_passed_over(number: str) -> None:
    assert scb_bulk({"PeOrgNr": number, "Namn": "X"}) == [Skipped.PERSONAL]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("0 anställda", {"low": 0, "high": 0}),
        ("5-9 anställda", {"low": 5, "high": 9}),
        ("10000- anställda", {"low": 10000}),
        ("Uppgift saknas", None),
        ("*", None),
    ],
)
def test_size_classes_are_read(text: str, expected: dict[str, int] | None) -> None:
    rows = [{"PeOrgNr": "165570123454", "Företagsnamn": "X", "Storleksklass": text}]
    read = list(scb.read_companies(io.BytesIO(json.dumps(rows).encode())))
    assert one(read).get("employees") == expected


def test_what_an_agreement_does_not_include_is_not_known() -> None:
    row = {"PeOrgNr": "165570123454", "CfarNr": "12345678", "Benämning": "X", "PostOrt": "*"}
    (read,) = scb.read_workplaces(io.BytesIO(json.dumps([row | {"BesöksAdress": "*"}]).encode()))
    assert isinstance(read, Listing)
    assert (read.number, read.parent) == ("12345678", "5570123454")
    assert read.facts == {"name": "X", "key": "x"}


UNIT = {"organisasjonsnummer": "815000129", "navn": "FJELLVIK DATA AS"}


def norwegian(*units: Any) -> list[Listing | Skipped]:
    return list(brreg.read_units(io.BytesIO(json.dumps(units).encode())))


def test_a_unit_may_have_hardly_any_field() -> None:
    assert one(norwegian(UNIT)) == {"name": "FJELLVIK DATA AS", "key": "fjellvik data"}


def test_addresses_of_people_are_left_out() -> None:
    facts = one(norwegian(UNIT | {"epostadresse": "kari@fjellvik.example", "mobil": "900 00 000"}))
    assert "kari" not in json.dumps(facts)
    assert "900" not in json.dumps(facts)


def test_a_deleted_unit_is_no_longer_active() -> None:
    gone = UNIT | {"respons_klasse": "SlettetEnhet", "slettedato": "2024-05-02"}
    assert one(norwegian(gone))["deregistered_on"] == "2024-05-02"


def test_proceedings_have_their_dates() -> None:
    facts = one(
        norwegian(UNIT | {"konkurs": True, "konkursdato": "2026-08-26", "underAvvikling": True})
    )
    assert facts["proceedings"] == [
        {"kind": "bankruptcy", "since": "2026-08-26"},
        {"kind": "liquidation"},
    ]


def test_industry_codes_lose_their_dot() -> None:
    facts = one(norwegian(UNIT | {"naeringskode1": {"kode": "62.100", "beskrivelse": "X"}}))
    assert facts["industries"] == [{"scheme": "SN2025", "code": "62100", "text": "X"}]


@pytest.mark.parametrize(
    "broken", [{}, {"organisasjonsnummer": "1"}, {"navn": "X"}, 7, None, [UNIT]]
)
def test_what_is_no_unit_is_counted(broken: Any) -> None:
    assert norwegian(broken) == [Skipped.BROKEN]


def test_an_answer_that_embeds_nothing_has_no_units() -> None:
    page: dict[str, Any] = {"_links": {}, "page": {"size": 20, "totalElements": 0}}
    assert list(objects(io.BytesIO(json.dumps(page).encode()))) == []
    page["_embedded"] = {"enheter": [UNIT]}
    assert list(objects(io.BytesIO(json.dumps(page).encode()))) == [UNIT]


@pytest.mark.parametrize("text", ["", "x", "[", '[{"a":1}', '[{"a":1},', '[{"a":', "[}"])
def test_json_that_ends_too_early_is_refused(text: str) -> None:
    with pytest.raises(FileBroken):
        list(objects(io.BytesIO(text.encode())))


@given(
    st.lists(st.dictionaries(st.text(max_size=5), st.text(max_size=20), max_size=4), max_size=8),
    st.integers(1, 40),
)
def test_json_is_read_the_same_however_it_is_cut(rows: list[dict[str, str]], cut: int) -> None:
    before = json_objects.CHUNK_BYTES
    json_objects.CHUNK_BYTES = cut
    try:
        text = json.dumps(rows, ensure_ascii=False, indent=1).encode("utf-8", "surrogatepass")
        assert list(objects(io.BytesIO(text))) == json.loads(text.decode("utf-8", "replace"))
    finally:
        json_objects.CHUNK_BYTES = before


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("www.fjellvik.example", "https://www.fjellvik.example"),
        ("http://fjellvik.example/a?b", "http://fjellvik.example/a?b"),
        ("HTTPS://Fjellvik.example", "https://Fjellvik.example"),
        ("ingen", None),
        ("kari@fjellvik.example", None),
        ("a b.example", None),
        ("x." + "y" * 300, None),
    ],
)
def test_addresses_on_the_web_get_their_scheme(written: str, expected: str | None) -> None:
    assert website(written) == expected


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=12),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner),
    max_leaves=5,
)
FIELDS = st.sampled_from(
    [
        *("navn", "organisasjonsform", "postadresse", "forretningsadresse", "naeringskode1"),
        *("antallAnsatte", "hjemmeside", "aktivitet", "konkurs", "konkursdato", "slettedato"),
        *("kode", "beskrivelse", "adresse", "postnummer", "landkode", "kommunenummer"),
    ]
)


@given(st.dictionaries(FIELDS, JSON | st.dictionaries(FIELDS, JSON)))
def test_whatever_a_unit_holds_it_is_skipped_or_makes_facts(fields: dict[str, Any]) -> None:
    for row in brreg.read_units(io.BytesIO(json.dumps([fields | UNIT | fields]).encode())):
        if isinstance(row, Listing):
            facts_of(row.facts, active=True)


@given(st.lists(st.text(max_size=15), min_size=11, max_size=13))
def test_whatever_a_row_holds_it_is_skipped_or_makes_facts(fields: list[str]) -> None:
    fields[0] = "5570123454$ORGNR-IDORG"
    for row in bolagsverket_rows('"' + '";"'.join(fields) + '"\n'):
        if isinstance(row, Listing):
            facts_of(row.facts, active=True)


@given(st.dictionaries(st.sampled_from(SCB_HEAD.decode().split("\t")[:18]), st.text(max_size=15)))
def test_whatever_scb_writes_it_is_skipped_or_makes_facts(row: dict[str, str]) -> None:
    empty = dict.fromkeys(scb.BULK_COLUMNS, "")
    rows = [{**empty, **row, "PeOrgNr": "165570123454", "Storleksklass": row.get("Namn", "")}]
    bulk = "\t".join(rows[0]) + "\r\n" + "\t".join(rows[0].values())
    file = io.BytesIO(bulk.encode("cp1252", "replace"))
    for read in [*scb.read_bulk(file), *scb.read_companies(io.BytesIO(json.dumps(rows).encode()))]:
        if isinstance(read, Listing):
            facts_of(read.facts, active=True)


def packed(path: Path, text: bytes) -> list[Path]:
    """Write a text plain, gzipped and zipped."""
    plain, gzipped, zipped = path / "a", path / "b.gz", path / "c.zip"
    plain.write_bytes(text)
    gzipped.write_bytes(gzip.compress(text))
    with zipfile.ZipFile(zipped, "w") as archive:
        archive.writestr("inside.txt", text)
    return [plain, gzipped, zipped]


def test_a_file_is_known_by_what_is_in_it_packed_or_not(tmp_path: Path) -> None:
    company = next(one for one in companies(7, "SE", 50) if one.units)
    for file in SWEDISH:
        rows = file.head + b"".join(file.rows(company)) + file.tail
        forms = {form_of(path).name for path in packed(tmp_path, rows)}
        assert len(forms) == 1
    below: dict[str, Any] = {"beliggenhetsadresse": {}}
    public: dict[str, Any] = {"respons_klasse": "Enhet", "overordnetEnhet": "900000001"}
    unit, sub_unit = (json.dumps([UNIT | more]).encode() for more in (public, below))
    assert {form_of(path).name for path in packed(tmp_path, unit)} == {"brreg-units"}
    assert {form_of(path).name for path in packed(tmp_path, sub_unit)} == {"brreg-sub-units"}


def test_how_many_rows_a_file_has_is_told_by_its_size_packed_or_not(tmp_path: Path) -> None:
    for path in write_sample(tmp_path / "sample", 7, 900):
        with opened(path) as file:
            unpacked = file.read()
        form = form_of(path)
        rows = sum(1 for _ in form.read(io.BytesIO(unpacked)))
        estimates = {rows_about(each) for each in packed(tmp_path, unpacked)}
        assert len(estimates) == 1
        assert rows / 2 < estimates.pop() < rows * 2, form.name


def test_an_unknown_file_is_refused(tmp_path: Path) -> None:
    for path in packed(tmp_path, b"name;number\r\n"):
        with pytest.raises(FileBroken):
            form_of(path)


def test_a_file_cut_short_is_refused(tmp_path: Path) -> None:
    _, gzipped, zipped = packed(tmp_path, json.dumps([UNIT] * 5_000).encode())
    for path in (gzipped, zipped):
        path.write_bytes(path.read_bytes()[:-40])
        with pytest.raises(FileBroken), opened(path) as file:
            list(brreg.read_units(file))


def round_trip(sampled: list[Sampled], files: tuple[Any, ...], path: Path) -> list[list[Listing]]:
    """Write companies in each format, and read them back."""
    read = []
    for file in files:
        rows = [row for company in sampled for row in file.rows(company)]
        (path / "file").write_bytes(file.head + file.between.join(rows) + file.tail)
        form = form_of(path / "file")
        with opened(path / "file") as opened_file:
            listings = list(form.read(opened_file))
        assert not [row for row in listings if isinstance(row, Skipped)]
        read.append([row for row in listings if isinstance(row, Listing)])
    return read


def test_swedish_companies_survive_the_way_through_their_files(tmp_path: Path) -> None:
    sampled = list(companies(7, "SE", 400))
    own, bulk, rows, places = round_trip(sampled, SWEDISH, tmp_path)
    for company, first, second, third in zip(sampled, own, bulk, rows, strict=True):
        assert first.number == second.number == third.number == company.number
        assert first.facts["name"] == company.name
        assert first.facts.get("deregistered_on") == (
            company.deregistered_on and company.deregistered_on.isoformat()
        )
        assert ("ceased" in second.facts) == (company.deregistered_on is not None)
        assert second.facts["no_marketing"] == company.no_marketing
        assert third.facts["municipality"]["code"] == company.place.code
        assert third.facts["employees"]["low"] == company.employees[0]
    expected = [(unit.number, one.number, unit.name) for one in sampled for unit in one.units]
    assert [(row.number, row.parent, row.facts["name"]) for row in places] == expected


def test_norwegian_companies_survive_the_way_through_their_files(tmp_path: Path) -> None:
    sampled = list(companies(7, "NO", 400))
    units, sub_units = round_trip(sampled, NORWEGIAN, tmp_path)
    details = TypeAdapter(CompanyDetails)
    for company, row in zip(sampled, units, strict=True):
        facts = facts_of(row.facts, active=True)
        details.validate_python(facts.details)
        assert (row.number, facts.details.name) == (company.number, company.name)
        assert facts.details.registered_on == company.registered_on
        shown = facts.details.employees.low if facts.details.employees else 0
        assert shown == (company.employed if company.employed >= 5 else 0)
    expected = [(unit.number, one.number) for one in sampled for unit in one.units]
    assert [(row.number, row.parent) for row in sub_units] == expected


def test_a_header_that_was_renamed_is_refused_by_name() -> None:
    bolagsverkets = HEAD.replace(";registreringsdatum", ";registrerad") + ROW
    with pytest.raises(FileBroken, match="lacks registreringsdatum"):
        list(bolagsverket.read(io.BytesIO(bolagsverkets.encode())))
    scbs = SCB_HEAD.replace(b"PostNr\t", b"Postnummer\t")
    with pytest.raises(FileBroken, match="lacks PostNr"):
        list(scb.read_bulk(io.BytesIO(scbs)))


def test_both_spellings_of_a_column_are_known() -> None:
    head = HEAD.replace("pagande", "pagaende")
    assert list(bolagsverket.read(io.BytesIO((head + ROW).encode()))) == bolagsverket_rows(ROW)


def test_a_row_in_another_encoding_is_broken() -> None:
    row = ROW.replace("Granhult", "Gränshult")
    rows = list(bolagsverket.read(io.BytesIO(HEAD.encode() + row.encode("cp1252"))))
    assert rows == [Skipped.BROKEN]
    company = next(one for one in companies(7, "SE", 90) if not one.name.isascii())
    (row_of_scb,) = swedish_rows.scb_bulk(company)
    right, wrong = row_of_scb, row_of_scb.decode("cp1252").encode()
    assert isinstance(next(scb.read_bulk(io.BytesIO(SCB_HEAD + right))), Listing)
    assert list(scb.read_bulk(io.BytesIO(SCB_HEAD + wrong))) == [Skipped.BROKEN]


def test_json_in_another_encoding_is_refused() -> None:
    text = json.dumps([UNIT | {"navn": "BLÅBÆR AS"}] * 60, ensure_ascii=False)
    with pytest.raises(FileBroken, match="not UTF-8"):
        list(brreg.read_units(io.BytesIO(text.encode("cp1252"))))


def test_a_number_that_fails_its_check_is_skipped_and_said_so() -> None:
    assert bolagsverket_rows(ROW.replace("5570123454", "5570123455")) == [Skipped.NUMBER]
    text = json.dumps([UNIT | {"organisasjonsnummer": "815000128"}]).encode()
    assert list(brreg.read_units(io.BytesIO(text))) == [Skipped.NUMBER]
