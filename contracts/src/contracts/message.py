"""What every message on the wire has in common."""

from typing import Annotated, ClassVar, TypeAlias
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, StringConstraints

TenantId: TypeAlias = Annotated[
    str, StringConstraints(pattern=r"^[a-z0-9](?:[a-z0-9-]{0,30}[a-z0-9])$")
]
"""A tenant's slug: the first column of every key and the second token of every event subject."""

Actor: TypeAlias = Annotated[str, StringConstraints(pattern=r"^[a-z-]+:[A-Za-z0-9._-]{1,80}$")]
"""Who acts: `key:<key id>`, `user:<user id>`, `policy:<name>` or `system:<name>`; never a name."""


class Message(BaseModel):
    """Anything that is said; `type` names its form and version."""

    model_config = ConfigDict(frozen=True, hide_input_in_errors=True)


class Event(Message):
    """Something that happened; never changed, only superseded. Read tolerantly."""

    model_config = ConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True)

    category: ClassVar[str]
    """Which kind of stream it belongs to; the third token of its subject."""

    @property
    def stream_id(self) -> UUID:
        """Return the id of the stream it belongs to."""
        raise NotImplementedError


class Command(Message):
    """Something asked for; it carries the clock and the identities, so deciding needs neither.

    `fingerprint` stands for what the asker wrote: two commands with one `command_id` are the
    same wish when their fingerprints are equal, and a mistake of the asker when they are not.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    aggregate: ClassVar[str]
    """Which kind of stream it is decided on."""

    command_id: UUID
    tenant: TenantId
    by: Actor
    at: AwareDatetime
    correlation: UUID
    causation: UUID | None = None
    fingerprint: str = ""
    expected_version: Annotated[int, Field(ge=0)] | None = None

    @property
    def stream_id(self) -> UUID:
        """Return the id of the stream it is decided on."""
        raise NotImplementedError


class Query(Message):
    """A question that changes nothing."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    tenant: TenantId


class Answer(Message):
    """What a command led to: the same for every repetition of it.

    `position` is the last position it wrote at its service, or the latest before it when
    nothing had to change; `version` is the stream's version after it.
    """

    stream_id: UUID
    position: int
    version: int
    created: dict[str, UUID] = Field(default_factory=dict)


class Problem(Message):
    """Why something was refused: a stable code, a sentence for people, and what it concerns."""

    code: str
    message: str
    details: dict[str, str] = Field(default_factory=dict)


class Reply(Message):
    """What comes back over request/reply: one of the two."""

    answer: Answer | None = None
    problem: Problem | None = None
