"""Credit history: one row for each thing that was said of a company's credit."""

from importlib.resources import files
from typing import Any, NamedTuple

from chassis.codec import to_json
from chassis.projection import Projection, Told
from contracts.credit_monitor import (
    CompanyRated,
    CreditCheckFailed,
    CreditRatingChanged,
    MonitoringExcluded,
    MonitoringStarted,
    MonitoringStopped,
)


class Entry(NamedTuple):
    """A row of `credit_history`."""

    event_id: str
    company_id: str
    seq: int
    at: str
    by: str
    what: str
    cause: str | None = None
    purpose: str | None = None
    message: str | None = None
    old: dict[str, Any] | None = None
    new: dict[str, Any] | None = None


def evolve(_row: Entry | None, told: Told) -> Entry | None:
    """Write down what was said."""
    company_id = str(told.event.stream_id)
    what = type(told.event).__name__
    common = (told.id, company_id, told.seq, told.at, told.by, what)
    match told.event:
        case CompanyRated() as event:
            return Entry(*common, purpose=event.purpose, new=to_json(event.rating))
        case CreditRatingChanged() as event:
            old, new = to_json(event.old), to_json(event.new)
            return Entry(*common, cause=event.cause, old=old, new=new)
        case CreditCheckFailed() as event:
            return Entry(*common, cause=event.code, message=event.message)
        case MonitoringStarted(cause=cause) | MonitoringStopped(cause=cause):
            return Entry(*common, cause=cause)
        case MonitoringExcluded(cause=cause):
            return Entry(*common, cause=cause)
        case _:
            return None


credit_history: Projection[Entry] = Projection(
    name="credit_history",
    version=1,
    row=Entry,
    table_sql=files("gateway.credit").joinpath("table.sql").read_text(),
    handles=(
        CompanyRated,
        CreditRatingChanged,
        CreditCheckFailed,
        MonitoringStarted,
        MonitoringStopped,
        MonitoringExcluded,
    ),
    key=lambda told: told.id,
    evolve=evolve,
)
