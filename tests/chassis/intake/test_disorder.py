"""Shuffled, repeated and late by any seed, events are taken in once and in their order."""

from random import Random
from typing import Any

import pytest

from chassis import intake

pytestmark = pytest.mark.servers

WINDOW = 8
"""How far an event may be from its place."""


def disordered(events: list[Any], dice: Random) -> list[list[Any]]:
    """Return deliveries: shuffled within a window, some of them twice, cut at any place."""
    twice = [*events, *dice.sample(events, len(events) // 3)]
    places = {id(event): n for n, event in enumerate(events)}
    twice.sort(key=lambda event: places[id(event)] + dice.uniform(0, WINDOW))
    deliveries = []
    while twice:
        size = dice.randint(1, WINDOW)
        deliveries.append(twice[:size])
        twice = twice[size:]
    return deliveries


async def taken_in(reader: Any, seed: int) -> list[str]:
    """Deliver in disorder, again and again what is not done with; return what was heard."""
    added = await reader.bench.added(reader.source, 4)
    for n in range(5):
        renames = [reader.bench.rename(one, f"{n} of {one.name}") for one in added]
        await reader.bench.happen(reader.source, *renames)
    dice = Random(seed)  # noqa: S311 - no secret
    for _ in range(2):
        for delivery in disordered(await reader.incoming(), dice):
            await reader.take(*delivery)
    # The bus delivers again what nobody said to be done with.
    await reader.take(*await reader.incoming())
    heard: list[str] = await reader.heard()
    return heard


@pytest.mark.parametrize("seed", range(5))
async def test_in_any_disorder_each_event_is_taken_in_once_and_in_order(
    reader: Any, seed: int
) -> None:
    assert await taken_in(reader, seed) == await reader.names()


async def test_taken_in_as_it_comes_it_would_be_out_of_order(
    reader: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def as_it_comes(envelopes: list[Any], last: dict[str, int]) -> list[Any]:
        for envelope in envelopes:
            last[envelope.source] = max(last[envelope.source], envelope.position)
        return envelopes

    monkeypatch.setattr(intake, "in_order", as_it_comes)
    assert await taken_in(reader, 0) != await reader.names()
