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


@dataclass(frozen=True, slots=True)
class Score:
    """A score a number had at the bureau, and whether somebody was notified of it.

    Nobody is of what changes between a first rating and the beginning of the watch.
    """

    score: int
    notified: bool = True


Scores = Mapping[str, Sequence[Score]]


def ledger_of(url: str) -> Scores:
    """Return every score that a number had at the bureau, in order, by its own ledger."""
    ledger = httpx2.get(f"{url}/_control/ledger", timeout=30).json()
    notified = {told["change_id"] for told in ledger["notifications"]}
    scores: dict[str, list[Score]] = {}
    for change in ledger["changes"]:
        of_number = scores.setdefault(change["number"], [Score(change["old_score"])])
        of_number.append(Score(change["score"], change["id"] in notified))
    return scores


def ratings_are_told(
    record: Record, scores: Scores, watched: Mapping[str, str]
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
    number: str, told: Sequence[tuple[str, dict[str, Any]]], scores: Sequence[Score]
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
    kinds = {kind.partition(".")[0] for kind, _ in told}
    missed = missed_or_invented(
        chain, scores, ended=not kinds & {"monitoring-started"} or "monitoring-stopped" in kinds
    )
    if missed:
        yield Finding("I6", missed, f"{number}: {chain} of {scores}")


def missed_or_invented(chain: Sequence[int], scores: Sequence[Score], *, ended: bool) -> str:
    """Say what is wrong with the scores that were told, if anything is.

    Where the watch has not begun or has `ended`, nothing more is heard.
    """
    begun = next((n for n, one in enumerate(scores) if one.score == chain[0]), None)
    left = list(scores[begun + 1 :]) if begun is not None else []
    for score in chain[1:]:
        skipped = []
        while left and left[0].score != score:
            skipped.append(left.pop(0))
        if not left:
            return "a change invented"
        left.pop(0)
        if any(one.notified for one in skipped):
            return "a change missed"
    return "the last changes missed" if left and not ended else ""
