"""The steps from rows of files to a table set, two at a time, each as soon as it can be done."""

import asyncio
from collections.abc import Callable
from typing import Any

from chassis.failpoints import reach
from enrichment.copying import connect

STEPS = "SELECT step, upon FROM registry.building ORDER BY place"
BUILD = "SELECT registry.build($1, $2)"


async def build_set(
    connection: Any, url: str, number: int, done: set[str], tell: Callable[[str, int, int], object]
) -> None:
    """Do all steps that are not done, each in a transaction of its own."""
    steps = {row["step"]: set(row["upon"]) for row in await connection.fetch(STEPS)}
    left = [step for step in steps if step not in done]
    second = await connect(url)
    free = [connection, second]
    running: dict[asyncio.Task[Any], tuple[str, Any]] = {}
    try:
        while left or running:
            for step in [step for step in left if steps[step] <= done][: len(free)]:
                hand = free.pop()
                running[asyncio.create_task(hand.execute(BUILD, number, step))] = (step, hand)
                left.remove(step)
            ended, _ = await asyncio.wait(running, return_when=asyncio.FIRST_COMPLETED)
            for task in ended:
                step, hand = running.pop(task)
                free.append(hand)
                task.result()
                reach("enrichment.step-built")
                done.add(step)
                tell(step, len(done & steps.keys()), len(steps))
    finally:
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)
        await second.close()
