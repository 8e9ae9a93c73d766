"""The stand-in bureau in a drill: ratings change, and its own ledger says which did."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Any

import httpx2
import orjson

from support.faults.findings import Finding
from support.faults.record import Record
from support.faults.wishes import Wisher

SCORES = range(101)


@dataclass(slots=True)
class RatingChanger:
    """Gives watched companies one new score after the other, none twice."""

    url: str
    dice: Random
    given: dict[str, set[int]] = field(default_factory=dict)

    async def change(self, http: httpx2.AsyncClient, wishers: Sequence[Wisher]) -> None:
        """Change one company's rating, if there is one that is watched."""
        numbers = [number for wisher in wishers for number in wisher.watched]
        if not numbers:
            return
        number = self.dice.choice(numbers)
        path = f"{self.url}/_control/companies/SE/{number}"
        try:
            if number not in self.given:
                self.given[number] = {(await http.get(path)).json()["score"]}
            left = [score for score in SCORES if score not in self.given[number]]
            score = self.dice.choice(left)
            self.given[number].add(score)
            await http.post(path, json={"score": score})
        except httpx2.TransportError:
            return


def ledger_of(url: str) -> dict[str, list[int]]:
    """Return every score that a number had at the bureau, in order, by its own ledger."""
    changes = httpx2.get(f"{url}/_control/ledger", timeout=30).json()["changes"]
    scores: dict[str, list[int]] = {}
    for change in changes:
        scores.setdefault(change["number"], [change["old_score"]]).append(change["score"])
    return scores


def ratings_are_told(
    record: Record, scores: Mapping[str, Sequence[int]], watched: Mapping[str, str]
) -> Iterator[Finding]:
    """I6: each change of a watched company's rating was told once, from what it was before.

    `watched` are the companies, by number; one that was put away hears of nothing more.
    """
    told: dict[str, list[tuple[str, dict[str, Any]]]] = {}
    for fact in record.facts["credit-monitor"]:
        told.setdefault(str(fact.stream), []).append((fact.type, orjson.loads(fact.data)))
    for number, company in watched.items():
        yield from _told_of(number, told.get(company, []), scores.get(number, []))


def _told_of(
    number: str, told: Sequence[tuple[str, dict[str, Any]]], scores: Sequence[int]
) -> Iterator[Finding]:
    rated = [said["rating"] for kind, said in told if kind.startswith("company-rated")]
    if not rated:
        return
    if len(rated) > 1:
        yield Finding("I6", "rated twice", number)
    chain = [int(rated[0]["score"])]
    for kind, said in told:
        if kind.startswith("credit-rating-changed"):
            if int(said["old"]["score"]) != chain[-1]:
                yield Finding("I6", "a change from what it was not", f"{number}: {said}")
            chain.append(int(said["new"]["score"]))
    stopped = any(kind.startswith("monitoring-stopped") for kind, _ in told)
    happened = list(scores[scores.index(chain[0]) :]) if chain[0] in scores else chain[:1]
    if chain != (happened[: len(chain)] if stopped else happened):
        yield Finding("I6", "changes missed or invented", f"{number}: {chain} of {happened}")
