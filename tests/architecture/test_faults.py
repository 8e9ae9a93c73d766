"""The catalogue of faults names tests that there are, and every step is struck."""

import re
from pathlib import Path

import pytest

from support.faults.steps import named, steps, steps_of_jobs

HOUSE = Path(__file__).parents[2]
NAMED = sorted(
    set(re.findall(r"`(tests/[a-z_/]+\.py)::(\w+)`", (HOUSE / "docs" / "faults.md").read_text()))
)


def is_there(file: str, test: str) -> bool:
    path = HOUSE / file
    return path.exists() and bool(re.search(rf"\bdef {test}\(", path.read_text()))


@pytest.mark.parametrize(("file", "test"), NAMED)
def test_a_test_that_the_catalogue_names_is_there(file: str, test: str) -> None:
    assert is_there(file, test)


def test_a_test_that_is_not_there_would_be_found() -> None:
    assert not is_there("tests/faults/test_checker.py", "test_of_nothing")


def test_every_step_of_the_code_is_struck_by_some_drill() -> None:
    struck = {step for _, step in (*steps(), *steps_of_jobs())}
    for name in named():
        step = name.rpartition(".")[2]
        assert any(one == name or one.endswith(f".{step}") for one in struck), name
