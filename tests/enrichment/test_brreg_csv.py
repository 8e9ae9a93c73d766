"""Brønnøysund's bulk files as CSV say the same as those in JSON, or say what is wrong with them."""

import io
from pathlib import Path

import pytest

from enrichment.formats import brreg_csv
from enrichment.formats.listing import FileBroken, Listing, Skipped
from enrichment.formats.source import (
    BRREG_SUB_UNITS_CSV,
    BRREG_UNITS_CSV,
    form_of,
)

HEAD = (
    "organisasjonsnummer,navn,organisasjonsform.kode,antallAnsatte,registrertIMvaregisteret,"
    "forretningsadresse.adresse,forretningsadresse.postnummer,forretningsadresse.poststed,konkurs\r\n"
)
ROW = '910000128,"Sjøvik, Rør & Varme AS",AS,12,true,"Gate 1, 2. etg",5700,VOSS,false\r\n'


def read(text: str | bytes) -> list[Listing | Skipped]:
    body = text if isinstance(text, bytes) else text.encode()
    return list(brreg_csv.read_units(io.BytesIO(body)))


def test_a_row_is_a_unit_with_parts_and_what_is_empty_is_not_known() -> None:
    (row, bare) = read(HEAD + ROW + "974760673,TRUE,,,,,,,\r\n")
    assert isinstance(row, Listing)
    assert row.facts["name"] == "Sjøvik, Rør & Varme AS"
    assert row.facts["employees"] == {"low": 12, "high": 12}
    assert row.facts["vat_number"] == "NO910000128MVA"
    assert row.facts["visiting"]["lines"] == ["Gate 1, 2. etg"]
    assert "proceedings" not in row.facts
    assert isinstance(bare, Listing)
    assert bare.facts["name"] == "TRUE"
    assert bare.facts.keys() == {"name", "key"}


def test_a_row_of_another_length_is_broken_and_the_next_is_read() -> None:
    short, row = read(HEAD + "910000128,Kort AS\r\n" + ROW)
    assert short is Skipped.BROKEN
    assert isinstance(row, Listing)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "lacks organisasjonsnummer, navn"),
        (HEAD.replace("navn", "name"), "lacks navn"),
        (HEAD + '910000128,"Uten slutt\r\n' + "x" * 200_000, "no CSV"),
        ((HEAD + ROW.replace("Gate", "Gåte") * 200).encode("latin-1"), "not UTF-8"),
    ],
)
def test_a_file_of_another_form_is_refused(text: str | bytes, why: str) -> None:
    with pytest.raises(FileBroken, match=why):
        read(text)


@pytest.mark.parametrize("start", ["", "\ufeff", '"'])
def test_it_is_known_by_its_header(tmp_path: Path, start: str) -> None:
    name = '"organisasjonsnummer"' if start == '"' else f"{start}organisasjonsnummer"
    path = tmp_path / "file.csv"
    path.write_text(f"{name},navn,beliggenhetsadresse.adresse\r\n", encoding="utf-8")
    assert form_of(path) is BRREG_SUB_UNITS_CSV
    path.write_text(f"{name},navn,forretningsadresse.adresse\r\n", encoding="utf-8")
    assert form_of(path) is BRREG_UNITS_CSV
