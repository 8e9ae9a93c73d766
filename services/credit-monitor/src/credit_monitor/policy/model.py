"""A tenant's policy: what it decided, and what holds until it does."""

from chassis.decider import Decider, Rejected
from contracts.credit_policy import (
    CreditPolicy,
    CreditPolicySet,
    SetCreditPolicy,
    credit_policy_of,
)
from contracts.legal_forms import kind_of_form


def decide(command: SetCreditPolicy, policy: CreditPolicy) -> list[CreditPolicySet]:
    """Tell what was decided, where it is something else."""
    wanted = command.policy
    for country, forms in wanted.legal_forms.items():
        for form in forms:
            if kind_of_form(country, form) != "LEGAL_PERSON":
                raise Rejected(
                    "credit-form-not-allowed",
                    f"{form} in {country} is not a legal person: it is never rated without"
                    " somebody's stated need.",
                )
    if wanted.monthly_cap is not None and not wanted.prices:
        raise Rejected(
            "credit-prices-missing", "A cap needs prices: say what each bureau's report costs."
        )
    if wanted == policy:
        return []
    return [CreditPolicySet(policy_id=credit_policy_of(command.tenant), policy=wanted)]


def evolve(_policy: CreditPolicy, event: CreditPolicySet) -> CreditPolicy:
    """Take in one more fact."""
    return event.policy


policies_: Decider[SetCreditPolicy, CreditPolicy, CreditPolicySet] = Decider(
    CreditPolicy(), decide, evolve
)
