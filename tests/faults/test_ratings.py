"""What the checker says of ratings, by the bureau's own ledger."""

from uuid import UUID

import orjson
import pytest

from support.faults.bureau import ratings_are_told
from support.faults.record import Fact, Record

COMPANY = UUID(int=1)
NUMBER = "5560000000"
STOPPED = ("monitoring-stopped.v1", {})


def rated(score: int) -> tuple[str, dict[str, object]]:
    return "company-rated.v1", {"rating": {"score": str(score)}}


def changed(old: int, new: int) -> tuple[str, dict[str, object]]:
    return "credit-rating-changed.v1", {"old": {"score": str(old)}, "new": {"score": str(new)}}


def findings(scores: list[int], *told: tuple[str, dict[str, object]]) -> set[str]:
    facts = [
        Fact(
            id=UUID(int=n),
            source="credit-monitor",
            position=n,
            tenant="t",
            category="credit",
            stream=COMPANY,
            version=n,
            type=kind,
            command=UUID(int=n),
            data=orjson.dumps(data).decode(),
        )
        for n, (kind, data) in enumerate(told, 1)
    ]
    record = Record(facts={"credit-monitor": facts})
    found = ratings_are_told(record, {NUMBER: scores}, {NUMBER: str(COMPANY)})
    return {finding.invariant for finding in found}


@pytest.mark.parametrize(
    ("scores", "told"),
    [
        ([40, 41, 42], [rated(40), changed(40, 41), changed(41, 42)]),
        ([40, 41, 42], [rated(41), changed(41, 42)]),
        ([40, 41, 42], [rated(40), changed(40, 41), STOPPED]),
        ([40], [rated(40)]),
        ([], [rated(40)]),
        ([40, 41], []),
    ],
)
def test_each_change_told_once_from_what_it_was_is_right(
    scores: list[int], told: list[tuple[str, dict[str, object]]]
) -> None:
    assert findings(scores, *told) == set()


@pytest.mark.parametrize(
    ("scores", "told"),
    [
        ([40, 41, 42], [rated(40), changed(40, 41)]),
        ([40, 41, 42], [rated(40), changed(40, 42)]),
        ([40, 41], [rated(40), changed(40, 41), changed(40, 41)]),
        ([40, 41], [rated(40), changed(40, 41), changed(41, 50)]),
        ([40, 41], [rated(40), changed(39, 41)]),
        ([40], [rated(40), rated(40)]),
        ([40, 41, 42], [rated(40), changed(40, 42), STOPPED]),
    ],
    ids=["missed", "missed-between", "twice", "invented", "wrong-old", "rated-twice", "stopped"],
)
def test_a_change_missed_invented_or_told_twice_is_found(
    scores: list[int], told: list[tuple[str, dict[str, object]]]
) -> None:
    assert findings(scores, *told) == {"I6"}
