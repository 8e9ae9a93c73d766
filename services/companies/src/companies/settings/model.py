"""A tenant's own ways of working: what it decided once, and what holds until it does."""

from dataclasses import dataclass

from chassis.decider import Decider
from contracts.companies.settings import (
    RegistryPolicy,
    RegistryPolicySet,
    SetRegistryPolicy,
    settings_of,
)


@dataclass(frozen=True, slots=True)
class Settings:
    """How a tenant works; a registry's own values follow the registry, unless it says otherwise."""

    registry_policy: RegistryPolicy = "write"


def decide(command: SetRegistryPolicy, settings: Settings) -> list[RegistryPolicySet]:
    """Tell what was decided, where it is something else."""
    if command.policy == settings.registry_policy:
        return []
    return [RegistryPolicySet(settings_id=settings_of(command.tenant), policy=command.policy)]


def evolve(_settings: Settings, event: RegistryPolicySet) -> Settings:
    """Take in one more fact."""
    return Settings(event.policy)


settings_: Decider[SetRegistryPolicy, Settings, RegistryPolicySet] = Decider(
    Settings(), decide, evolve
)
