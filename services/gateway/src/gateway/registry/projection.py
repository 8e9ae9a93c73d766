"""Numbers: which company has which, so that a registry's hit can say it is here already."""

from importlib.resources import files
from typing import NamedTuple

from chassis.projection import Projection, Told
from contracts.companies.company import CompanyCreated, CompanyIdentified


class Numbered(NamedTuple):
    """A row of `company_numbers`; a sole trader's number is personal and not in it."""

    company_id: str
    country: str
    number: str


def evolve(row: Numbered | None, told: Told) -> Numbered | None:
    """Take in one more fact."""
    match told.event:
        case CompanyCreated(identity=identity) | CompanyIdentified(identity=identity):
            if identity.number is None:
                return None
            return Numbered(str(told.event.stream_id), identity.country, identity.number)
        case _:
            return row


company_numbers: Projection[Numbered] = Projection(
    name="company_numbers",
    version=1,
    row=Numbered,
    table_sql=files("gateway.registry").joinpath("table.sql").read_text(),
    handles=(CompanyCreated, CompanyIdentified),
    key=lambda told: str(told.event.stream_id),
    evolve=evolve,
)
