"""Wishes on their way: stamped with who, when and which, and asked over NATS."""

import asyncio
import re
from collections.abc import Awaitable
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

import orjson
from fastapi import Depends, Header
from pydantic import BaseModel, StringConstraints
from starlette.requests import Request
from starlette.responses import Response

from chassis.edge import derived_id, fingerprint, new_id, now
from chassis.failpoints import reach
from chassis.site import Site
from contracts.catalogue import SOURCES
from contracts.companies.company import RefuseWish
from contracts.message import Answer, Command, Problem
from gateway.problems import MISSING, Missing, Refused

ENTITY_TAGS = r'^(\*|(W/)?"[^"]*"(, *(W/)?"[^"]*")*)$'
"""What If-Match may hold (RFC 9110 §13.1.1); only one tag, as it was given out, ever matches."""
ETAG = re.compile(r'^"([0-9]{1,9})"$')

IdempotencyKey = Annotated[
    Annotated[str, StringConstraints(pattern=r"^[\x21-\x7e]{1,200}$")] | None,
    Header(
        alias="Idempotency-Key",
        description="Chosen by you; the same request with the same key is done once, or refused"
        " once, and answered the same each time.",
    ),
]
IfMatch = Annotated[
    Annotated[str, StringConstraints(pattern=ENTITY_TAGS)] | None,
    Header(alias="If-Match", description="The ETag that the change was made from."),
]


class Written(BaseModel):
    """What a change led to; `position` can be given to a read as `after`."""

    position: int


@dataclass(frozen=True, slots=True)
class Wish:
    """One request's wish: its id, who asks, when, and in which state of affairs."""

    site: Site
    tenant: str
    by: str
    at: datetime
    command_id: UUID
    correlation: UUID
    fingerprint: str
    match: str | None
    repeatable: bool
    """Whether it has a key that it can be asked again with."""

    @property
    def expected_version(self) -> int | None:
        """Return the version that If-Match names."""
        return expected_version(self.match)

    def stamp(self, **own: Any) -> dict[str, Any]:
        """Return what every command of this request has in common, and what is its own."""
        return {
            "command_id": self.command_id,
            "tenant": self.tenant,
            "by": self.by,
            "at": self.at,
            "correlation": self.correlation,
            "fingerprint": self.fingerprint,
            "expected_version": self.expected_version,
            **own,
        }

    async def ask(self, command: Command) -> Answer:
        """Ask the service for it that decides on such things."""
        reach("gateway.command-asked")
        answer = await self.site.ask.command(SOURCES[command.aggregate], command)
        reach("gateway.command-answered")
        return answer

    async def ask_prepared(self, preparing: Awaitable[Command]) -> Answer:
        """Ask for what is being prepared; that something it names is missing is an answer too.

        The request may have been done before, when nothing was missing. All of it takes no longer
        than one command may.
        """
        async with asyncio.timeout(self.site.settings.command_deadline_seconds):
            try:
                command = await preparing
            except Missing as missing:
                if not self.repeatable:
                    raise
                command = self._refusal(missing)
            return await self.ask(command)

    def _refusal(self, missing: Missing) -> RefuseWish:
        details = {MISSING: missing.field}
        problem = Problem(code=missing.code, message=missing.message, details=details)
        return RefuseWish(
            **self.stamp(company_id=self.command_id, expected_version=None, problem=problem)
        )


async def wish(request: Request, key: IdempotencyKey = None, match: IfMatch = None) -> Wish:
    """Stamp a request; repeated with its key it is the same wish again."""
    who = request.state.who
    return Wish(
        site=request.app.state.site,
        tenant=who.tenant,
        by=who.actor,
        at=now(),
        command_id=derived_id(who.tenant, "key", key) if key else new_id(),
        correlation=request.state.correlation,
        fingerprint=fingerprint(
            request.method.encode(),
            request.url.path.encode(),
            request.url.query.encode(),
            _canonical(await request.body()),
        ),
        match=match,
        repeatable=key is not None,
    )


async def versioned_wish(stamped: Annotated[Wish, Depends(wish)], match: IfMatch = None) -> Wish:
    """Stamp a request that must say which version it changes."""
    if match is None:
        raise Refused(
            "version-missing", "Send If-Match with the ETag of the company as you read it."
        )
    return stamped


Asked = Annotated[Wish, Depends(wish)]
AskedOfVersion = Annotated[Wish, Depends(versioned_wish)]


def expected_version(match: str | None) -> int | None:
    """Return the version an If-Match names; `*` is any."""
    if match is None or match == "*":
        return None
    named = ETAG.match(match)
    if not named:
        raise Refused(
            "stale", 'If-Match does not name a version as ETag gave it, such as "3".', status=412
        )
    return int(named[1])


def etag(version: int) -> str:
    """Return the ETag of a version."""
    return f'"{version}"'


def written(response: Response, answer: Answer) -> Written:
    """Say what a change led to."""
    response.headers["ETag"] = etag(answer.version)
    return Written(position=answer.position)


def _canonical(body: bytes) -> bytes:
    """Return a body so that equal ones are equal bytes, whatever their spaces and order."""
    try:
        return orjson.dumps(orjson.loads(body), option=orjson.OPT_SORT_KEYS) if body else b""
    except (orjson.JSONDecodeError, TypeError):
        return body
