"""Nothing in an event describes a person in readable text."""

from collections.abc import Iterator
from typing import Any

import pytest
from pydantic import BaseModel

from contracts.catalogue import EVENTS
from contracts.message import Event
from contracts.values import Sealed

PERSONAL = (
    "email",
    "e_mail",
    "phone",
    "mobile",
    "personal",
    "person",
    "given_name",
    "family_name",
    "first_name",
    "last_name",
    "birth",
    "contact",
    "your_reference",
    "signatory",
    "attendee",
)
"""Parts of the names of fields that name or describe a person."""
ABOUT_PERSONS = {"user"}
"""Categories whose every name is a person's."""


def fields(model: type[BaseModel], path: str = "") -> Iterator[tuple[str, str, Any]]:
    """Walk through every field of a message, however deep: path, name and type."""
    for name, field in model.model_fields.items():
        yield f"{path}{name}", name, field.annotation
        for form in forms(field.annotation):
            if issubclass(form, BaseModel) and form is not Sealed:
                yield from fields(form, f"{path}{name}.")


def forms(annotation: Any) -> Iterator[type[Any]]:
    """Take a type apart."""
    if isinstance(annotation, type) and not getattr(annotation, "__args__", ()):
        yield annotation
    for part in getattr(annotation, "__args__", ()):
        yield from forms(part)


def is_personal(event: type[Event], name: str) -> bool:
    return any(word in name for word in PERSONAL) or (
        event.category in ABOUT_PERSONS and name == "name"
    )


@pytest.mark.parametrize("event", EVENTS.values(), ids=lambda event: str(event.__name__))
def test_a_field_named_like_personal_data_is_sealed(event: type[Event]) -> None:
    for path, name, annotation in fields(event):
        if is_personal(event, name):
            assert set(forms(annotation)) <= {Sealed, type(None)}, path


def test_the_walk_finds_what_it_is_to_find() -> None:
    paths = {path for path, _, _ in fields(EVENTS["invoice-profile-changed.v1"])}
    assert "profile.invoice_email" in paths
    assert "profile.credit_terms.days" in paths


def test_a_readable_field_would_be_found() -> None:
    class Leaking(Event):
        category = "company"
        phone_number: str | None = None

    found = [a for _, name, a in fields(Leaking) if is_personal(Leaking, name)]
    assert found
    assert not set(forms(found[0])) <= {Sealed, type(None)}
