"""Asks a process over HTTP whether it is ready."""

import httpx2

SECONDS_MAX = 2.0
OK = 200


async def answers(url: str) -> bool:
    """Say whether a URL answers 200."""
    try:
        async with httpx2.AsyncClient(timeout=SECONDS_MAX, trust_env=False) as client:
            return (await client.get(url)).status_code == OK
    except httpx2.HTTPError:
        return False
