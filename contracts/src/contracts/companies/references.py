"""What a wish may name beside its own stream, and whether it is there."""

from typing import Annotated, Literal, TypeAlias
from uuid import UUID

from pydantic import Field

from contracts.message import Message, Query

REFERENCES_MAX = 200
"""As many as one company has owners at most."""
References: TypeAlias = Annotated[tuple[UUID, ...], Field(max_length=REFERENCES_MAX)]


class FindReferences(Query):
    """Which of these are there? Read models do not have yet what was added a moment ago."""

    type: Literal["find-references"] = "find-references"
    users: References = ()
    departments: References = ()


class FoundReferences(Message):
    """Those that are there: users who are active, and departments."""

    users: References = ()
    departments: References = ()
