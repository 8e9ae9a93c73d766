"""Asks a process over HTTP whether it is ready."""

import ssl

import httpx2

SECONDS_MAX = 2.0
OK = 200
PLAIN = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
"""Trusts nobody: nothing here is spoken over TLS, and reading whom to trust takes its time."""


async def answers(url: str) -> bool:
    """Say whether a URL answers 200."""
    try:
        async with httpx2.AsyncClient(timeout=SECONDS_MAX, trust_env=False, verify=PLAIN) as client:
            return (await client.get(url)).status_code == OK
    except httpx2.HTTPError:
        return False
