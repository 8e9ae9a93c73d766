"""What is said about a tenant's own ways of working."""

from typing import Annotated, ClassVar, Literal, TypeAlias
from uuid import UUID, uuid5

from pydantic import Field

from contracts.message import Command, Event

SETTINGS = UUID("0199a3c0-5e70-7070-8a00-6b756e640070")

RegistryPolicy: TypeAlias = Literal["write", "propose"]
"""What becomes of a registry's new value where its old one was in force: it takes its place, or
waits for somebody to choose."""


def settings_of(tenant: str) -> UUID:
    """Return the id of a tenant's settings: it has just one stream of them."""
    return uuid5(SETTINGS, tenant)


class SetRegistryPolicy(Command):
    """Say what becomes of changes that a registry publishes."""

    aggregate: ClassVar[str] = "settings"
    type: Literal["set-registry-policy"] = "set-registry-policy"
    policy: RegistryPolicy

    @property
    def stream_id(self) -> UUID:
        """Return the id of the stream."""
        return settings_of(self.tenant)


class RegistryPolicySet(Event):
    """A tenant decided what becomes of changes that a registry publishes."""

    category: ClassVar[str] = "settings"
    type: Literal["registry-policy-set.v1"] = "registry-policy-set.v1"
    settings_id: UUID
    policy: RegistryPolicy

    @property
    def stream_id(self) -> UUID:
        """Return the id of the stream."""
        return self.settings_id


SettingsCommand: TypeAlias = Annotated[SetRegistryPolicy, Field()]
SettingsEvent: TypeAlias = Annotated[RegistryPolicySet, Field()]
