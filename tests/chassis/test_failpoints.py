"""Failpoints: several at once, by chance, by a file; each strike is written down."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from chassis import failpoints
from chassis.failpoints import Failure, arm, begin, reach


@pytest.fixture(autouse=True)
def _disarmed() -> Iterator[None]:
    yield
    failpoints._service = None  # noqa: SLF001 - as it was
    arm("")


@pytest.fixture
def notes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    file = tmp_path / "notes"
    monkeypatch.setenv(failpoints.NOTES, str(file))
    return file


def struck(*steps: str) -> list[int]:
    """Pass steps; return which of them failed."""
    failed = []
    for at, step in enumerate(steps):
        try:
            reach(step)
        except Failure:
            failed.append(at)
    return failed


def test_several_points_are_armed_at_once() -> None:
    arm("a.one:1:raise,a.two:2:raise")
    assert struck("a.two", "a.one", "a.two", "a.one", "a.two") == [1, 2]


def test_a_name_may_end_in_a_star() -> None:
    arm("relay.*:2:raise")
    assert struck("relay.read", "intake.begun", "relay.published", "relay.read") == [2]


def test_by_chance_the_same_seed_strikes_the_same_passings() -> None:
    arm("*:7/0.2:raise")
    first = struck(*["a.b"] * 200)
    arm("*:7/0.2:raise")
    assert struck(*["a.b"] * 200) == first
    assert 15 < len(first) < 75
    arm("*:8/0.2:raise")
    assert struck(*["a.b"] * 200) != first


def test_a_point_of_another_service_is_not_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(failpoints.ENVIRONMENT, "gateway=a.b:1:raise,companies=a.c:1:raise")
    begin("companies")
    assert struck("a.b", "a.c") == [1]


def test_what_is_no_failpoint_is_refused() -> None:
    with pytest.raises(ValueError, match="no failpoint"):
        arm("::")


def test_every_strike_is_written_down_before_it_acts(notes: Path) -> None:
    arm("a.b:1:raise,a.*:7/1.0:raise")
    assert struck("a.b", "a.c") == [0, 1]
    assert notes.read_text().splitlines() == [
        "raise - a.b a.b:1:raise",
        "raise - a.c a.*:7/1.0:raise",
    ]


def test_a_file_arms_and_disarms_a_process_that_runs(tmp_path: Path, notes: Path) -> None:
    file = tmp_path / "points"
    arm(f"@{file}")
    assert struck("a.b") == []
    for points, expected in (("a.b:1:raise", [0]), ("", []), ("a.b:2:raise", [1])):
        (tmp_path / "new").write_text(points)
        (tmp_path / "new").replace(file)
        assert struck("a.b", "a.b", "a.b") == expected
    assert len(notes.read_text().splitlines()) == 2


def test_a_counted_point_of_a_file_strikes_in_one_life_alone(tmp_path: Path, notes: Path) -> None:
    file = tmp_path / "points"
    file.write_text("a.b:1:raise\n*:7/1.0:raise")
    notes.touch()
    arm(f"@{file}")
    assert struck("a.b") == [0]
    file.write_text("a.b:1:raise")
    arm(f"@{file}")  # as another life would
    assert struck("a.b", "a.b") == []
