"""The house rules that no linter knows."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

HOUSE = Path(__file__).parents[2]
FUNCTION_LINES_MAX = 40
FILE_LINES_MAX = 250
LONGER: dict[str, str] = {
    "contracts/src/contracts/companies/company.py": "one aggregate's messages",
}
"""Files longer than the rest, each with its reason."""
DRAWERS = {"utils", "helpers", "common", "manager", "managers", "service_base", "misc", "base"}
SOURCES = sorted(
    file
    for top in ("contracts", "chassis", "services", "deploy")
    for file in (HOUSE / top).rglob("src/**/*.py")
)


def name_of(file: Path) -> str:
    return str(file.relative_to(HOUSE))


def functions(file: Path) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


@pytest.mark.parametrize("file", SOURCES, ids=name_of)
def test_a_file_fits_in_the_head(file: Path) -> None:
    if name_of(file) not in LONGER:
        assert file.read_text().count("\n") <= FILE_LINES_MAX
    for function in functions(file):
        assert (function.end_lineno or 0) - function.lineno < FUNCTION_LINES_MAX, function.name


def test_there_are_no_drawers() -> None:
    assert [name_of(file) for file in SOURCES if file.stem in DRAWERS] == []


def test_a_listed_exception_is_still_one() -> None:
    for name in LONGER:
        assert (HOUSE / name).read_text().count("\n") > FILE_LINES_MAX, name


def test_failpoints_are_named_once_and_by_their_place() -> None:
    names = [
        match
        for file in SOURCES
        for match in re.findall(r'\breach\(\s*f?"([^"]+)"', file.read_text())
    ]
    assert names
    assert sorted(set(names)) == sorted(names)
    assert all(re.fullmatch(r"[a-z{}._-]+\.[a-z-]+|\{.*\}\.[a-z-]+", name) for name in names)


def test_nothing_names_a_package_registry() -> None:
    host = "files.python" + "hosted.org"
    lock = (HOUSE / "requirements.lock").read_text()
    assert host not in lock
    assert "://" not in lock


def test_every_setting_is_in_the_docs() -> None:
    documented = (HOUSE / "docs" / "configuration.md").read_text()
    settings = {
        match.upper()
        for file in SOURCES
        if "BaseSettings" in file.read_text()
        for match in re.findall(r"^    (\w+): .*= Field\(", file.read_text(), re.MULTILINE)
    } | {match for file in SOURCES for match in re.findall(r'"KUNDVAKT_(\w+)"', file.read_text())}
    missing = sorted(name for name in settings if f"`KUNDVAKT_{name}`" not in documented)
    assert missing == []
