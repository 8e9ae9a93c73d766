"""Settings: one row a tenant."""

from importlib.resources import files
from typing import NamedTuple

from chassis.projection import Projection, Told
from contracts.companies.settings import RegistryPolicySet


class SettingsRow(NamedTuple):
    """A row of `settings`."""

    settings_id: str
    version: int
    registry_policy: str


def evolve(row: SettingsRow | None, told: Told) -> SettingsRow | None:
    """Take in one more fact."""
    match told.event:
        case RegistryPolicySet() as event:
            return SettingsRow(str(event.settings_id), told.version, event.policy)
        case _:
            return row


settings: Projection[SettingsRow] = Projection(
    name="settings",
    version=1,
    row=SettingsRow,
    table_sql=files("gateway.settings").joinpath("table.sql").read_text(),
    handles=(RegistryPolicySet,),
    key=lambda told: str(told.event.stream_id),
    evolve=evolve,
)
