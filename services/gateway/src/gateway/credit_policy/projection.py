"""Credit policies: one row a tenant."""

from importlib.resources import files
from typing import Any, NamedTuple

from chassis.codec import to_json
from chassis.projection import Projection, Told
from contracts.credit_policy import CreditPolicySet


class PolicyRow(NamedTuple):
    """A row of `credit_policies`."""

    policy_id: str
    version: int
    policy: dict[str, Any]


def evolve(row: PolicyRow | None, told: Told) -> PolicyRow | None:
    """Take in one more fact."""
    match told.event:
        case CreditPolicySet() as event:
            return PolicyRow(str(event.policy_id), told.version, to_json(event.policy))
        case _:
            return row


credit_policies: Projection[PolicyRow] = Projection(
    name="credit_policies",
    version=1,
    row=PolicyRow,
    table_sql=files("gateway.credit_policy").joinpath("table.sql").read_text(),
    handles=(CreditPolicySet,),
    key=lambda told: str(told.event.stream_id),
    evolve=evolve,
)
