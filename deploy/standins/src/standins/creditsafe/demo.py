"""Ratings that change by themselves, so that there is something to see."""

import asyncio
import random

from standins.creditsafe.changes import change, company
from standins.creditsafe.ratings import SCORE_MAX, Rating, limit_for
from standins.logs import log
from standins.store import Store

STEP_MAX = 35
"""Far enough that the band often changes too."""


async def change_now_and_then(store: Store, every_seconds: float) -> None:
    """Change some watched company's rating, again and again."""
    dice = random.SystemRandom()
    while True:
        await asyncio.sleep(every_seconds)
        watched = store.rows("SELECT DISTINCT country, number FROM members")
        if watched:
            _change_one(store, dice, dice.choice(watched))


def _change_one(store: Store, dice: random.Random, row: dict[str, str]) -> None:
    country, number = row["country"], row["number"]
    known = company(store, country, number)
    before = known.rating.score if known and known.rating.score else SCORE_MAX // 2
    step = dice.choice((-1, 1)) * dice.randint(5, STEP_MAX)
    score = before + step if 0 <= before + step <= SCORE_MAX else before - step
    done = change(store, country, number, Rating(score, limit_for(score)))
    log("rating changed by itself", country=country, number=number, score=score, **done)
