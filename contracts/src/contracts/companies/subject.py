"""What is said about the persons whose texts are sealed."""

from typing import ClassVar, Literal
from uuid import UUID

from contracts.message import Command, Event


class EraseSubject(Command):
    """Record that a person's key was destroyed, and with it all that was sealed under it."""

    aggregate: ClassVar[str] = "subject"
    type: Literal["erase-subject"] = "erase-subject"
    subject_id: UUID

    @property
    def stream_id(self) -> UUID:
        """Return the id of the stream."""
        return self.subject_id


class SubjectErased(Event):
    """A person's key is destroyed: whoever kept a plain copy drops it now."""

    category: ClassVar[str] = "subject"
    type: Literal["subject-erased.v1"] = "subject-erased.v1"
    subject_id: UUID

    @property
    def stream_id(self) -> UUID:
        """Return the id of the stream."""
        return self.subject_id
