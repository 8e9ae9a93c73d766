"""Files of ratings as people have them: read whole, or refused row by row."""

from datetime import date
from decimal import Decimal

import pytest

from contracts.credit_bureaus import GRADES, ROWS_MAX
from contracts.values import Money
from gateway.bureaus.ratings_file import ratings_in
from gateway.problems import Refused

HEAD = "Orgnr;Betyg;Poäng;Limit;Datum"


def errors(text: str | bytes, scale: str = "A-E") -> list[tuple[str, str]]:
    body = text.encode() if isinstance(text, str) else text
    with pytest.raises(Refused) as refusal:
        ratings_in(body, scale, "SE")  # type: ignore[arg-type]
    assert refusal.value.code == "ratings-file-invalid"
    return [(one["field"], one["code"]) for one in refusal.value.details["errors"]]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252"])
@pytest.mark.parametrize("ending", ["\n", "\r\n"])
def test_a_swedish_spreadsheet_is_read(encoding: str, ending: str) -> None:
    text = ending.join(
        (HEAD, "556036-0793;b;61;450 000,50;2026-11-20", "", "5567037485;E;;;20261121")
    )
    first, second = ratings_in(text.encode(encoding), "A-E", "SE")
    assert (first.number, first.grade, first.score) == ("5560360793", "B", "61")
    assert first.limit == Money(amount=Decimal("450000.50"), currency="SEK")
    assert first.rated_on == date(2026, 11, 20)
    assert (second.score, second.limit, second.rated_on) == (None, None, date(2026, 11, 21))


def test_commas_english_words_other_columns_and_another_country_are_read() -> None:
    text = 'date,Name,grade,number,country,limit\n2026-11-20,"Ett, AS",AAA,923609016,NO,"1 000"\n'
    (one,) = ratings_in(text.encode(), "AAA-C", "SE")
    assert (one.country, one.number, one.grade) == ("NO", "923609016", "AAA")
    assert one.limit == Money(amount=Decimal(1000), currency="NOK")


@pytest.mark.parametrize(
    ("row", "where", "code"),
    [
        ("5560360794;A;1;2;2026-11-20", "number", "number-check-digit"),
        ("abc;A;1;2;2026-11-20", "number", "number-malformed"),
        ("19640823-3234;A;1;2;2026-11-20", "number", "number-personal"),
        ("5560360793;AAA;1;2;2026-11-20", "grade", "grade-unknown"),
        ("5560360793;A;1;mycket;2026-11-20", "limit", "amount"),
        ("5560360793;A;1;-5;2026-11-20", "limit", "amount"),
        ("5560360793;A;1;2;20/11/2026", "date", "date"),
        ("5560360793;A;1;2;2026-02-30", "date", "date"),
        ("5560360793;A;1;2", "row", "columns"),
        (f"5560360793;A;{'9' * 99};2;2026-11-20", "score", "score"),
    ],
)
def test_what_is_wrong_is_said_with_its_row_and_column(row: str, where: str, code: str) -> None:
    good = "5567037485;A;1;2;2026-11-20"
    assert errors(f"{HEAD}\n{good}\n{row}") == [(f"row 3: {where}", code)]


def test_one_wrong_row_is_enough_for_none_to_be_taken_and_all_wrong_ones_are_named() -> None:
    bad = "5560360793;Z;1;2;2026-11-20"
    assert errors(f"{HEAD}\n{bad}\n5567037485;A;1;2;2026-11-20\n{bad}") == [
        ("row 2: grade", "grade-unknown"),
        ("row 4: grade", "grade-unknown"),
    ]


def test_a_number_stands_in_a_file_once() -> None:
    row = "5560360793;A;1;2;2026-11-20"
    assert errors(f"{HEAD}\n{row}\n{row}") == [("row 3: number", "repeated")]


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "column-missing"),
        ("hej", "column-missing"),
        ("Orgnr;Betyg\n5560360793;A", "column-missing"),
        ("Orgnr;Number;Betyg;Datum\n", "column-repeated"),
        (HEAD, "empty"),
        ("Orgnr;Betyg;Datum\n\x00;A;2026-11-20", "not-text"),
        ('Orgnr;Betyg;Datum\n"5560360793;A;2026-11-20', "not-csv"),
    ],
)
def test_what_is_no_file_of_ratings_is_refused(text: str, code: str) -> None:
    assert [found for _, found in errors(text)] == [code]


def test_a_file_has_so_many_rows_at_most() -> None:
    rows = ["5560360793;A;1;2;2026-11-20"] * (ROWS_MAX + 1)
    assert ("body", "too-many-rows") in errors("\n".join((HEAD, *rows)))


def test_each_scale_has_grades_of_its_own() -> None:
    for scale, grades in GRADES.items():
        for grade in grades:
            text = f"Orgnr;Betyg;Datum\n5560360793;{grade};2026-11-20"
            assert ratings_in(text.encode(), scale, "SE")[0].grade == grade  # type: ignore[arg-type]
