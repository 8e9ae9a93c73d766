"""What a policy does with whoever is rated so."""

from decimal import Decimal
from typing import Any

from contracts.credit_policy import DecisionPolicy, DecisionRule, Outcome


def ruled(policy: DecisionPolicy, rating: dict[str, Any]) -> Outcome:
    """Return what the first rule that holds says."""
    return next((rule.outcome for rule in policy.rules if _holds(rule, rating)), policy.otherwise)


def _holds(rule: DecisionRule, rating: dict[str, Any]) -> bool:
    if rule.bands and rating["band"] not in rule.bands:
        return False
    if rule.grades and rating.get("grade") not in rule.grades:
        return False
    least = rule.limit_from
    if least is None:
        return True
    limit = rating.get("limit") or {}
    return (
        limit.get("currency") == least.currency
        and Decimal(str(limit.get("amount", 0))) >= least.amount
    )
