"""Every event ever said, in every form it had, folds into every read model that is to show it."""

import json
from pathlib import Path
from typing import Any

import pytest

from chassis import codec
from chassis.applying import others
from chassis.edge import new_id
from chassis.projection import Projection
from contracts import examples
from contracts.catalogue import COMMANDS, EVENTS
from gateway.app import service

FOLDER = Path(examples.__path__[0])
CORPUS = {
    str(file.relative_to(FOLDER)): json.loads(file.read_text(encoding="utf-8"))
    for file in sorted((*FOLDER.glob("*.json"), *(FOLDER / "past").glob("*.json")))
}
SAID = {name: data for name, data in CORPUS.items() if ".v" in str(data.get("type"))}
BEGINNINGS = ("company-created.v1", "user-added.v1", "department-added.v1", "company-rated.v1")
"""What there must be before most other things can be said."""


def shown_by(data: dict[str, Any]) -> list[Projection[Any]]:
    """Return the read models that an event is to be seen in."""
    event = codec.event_from(data)
    return [one for one in service.projections if isinstance(event, one.handles)]


def test_the_corpus_has_every_event_of_today() -> None:
    assert set(EVENTS) <= {data["type"] for data in SAID.values()}
    assert not {data["type"] for data in SAID.values()} & set(COMMANDS)


@pytest.mark.parametrize("data", SAID.values(), ids=SAID.keys())
def test_what_was_ever_said_folds_into_every_read_model_that_shows_it(
    data: dict[str, Any], tell: Any
) -> None:
    event = codec.event_from(data)
    for projection in shown_by(data):
        assert data["type"] not in others(projection)
        before = [codec.event_from(SAID[f"{name}.json"]) for name in BEGINNINGS]
        told = [tell(one, seq, seq) for seq, one in enumerate([*before, event], 1)]
        projection.fold(told)


@pytest.mark.parametrize("data", SAID.values(), ids=SAID.keys())
def test_events_of_two_streams_never_meet_in_a_row(data: dict[str, Any], tell: Any) -> None:
    one = codec.event_from(data)
    own = next(name for name in type(one).model_fields if getattr(one, name) == one.stream_id)
    other = one.model_copy(update={own: new_id()})
    for projection in shown_by(data):
        keys = {projection.key(tell(event, n, n)) for n, event in enumerate((one, other), 1)}
        assert len(keys) == 2


@pytest.mark.parametrize("kind", ["company-created.v99", "company-frobbed.v1"])
def test_a_form_that_nobody_reads_any_more_would_be_found(kind: str) -> None:
    with pytest.raises(codec.Unreadable):
        shown_by({**SAID["company-created.v1.json"], "type": kind})
