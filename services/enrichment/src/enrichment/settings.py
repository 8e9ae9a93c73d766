"""What the service is told by its environment about the registries."""

from typing import Annotated

from pydantic import Field, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict


class RegistrySettings(BaseSettings):
    """The settings of the registries; each is an environment variable `KUNDVAKT_<NAME>`."""

    model_config = SettingsConfigDict(env_prefix="KUNDVAKT_", extra="ignore")

    registries_open: Annotated[frozenset[str], NoDecode] = Field(
        default=frozenset(),
        description="Registries that need no credentials and are to be asked: brreg, prh, gleif, "
        "by comma. None by default: nobody is spoken to unasked.",
    )
    registry_feed_seconds: float = Field(
        default=60.0, gt=0, description="How often a registry's change feed is read to its end."
    )
    brreg_url: str = Field(
        default="https://data.brreg.no/enhetsregisteret/api",
        description="Base URL of Brønnøysundregistrene's Enhetsregister.",
    )

    @field_validator("registries_open", mode="before")
    @classmethod
    def _listed(cls, value: object) -> object:
        """Read a list by comma."""
        if not isinstance(value, str):
            return value
        return frozenset(name.strip() for name in value.split(",") if name.strip())
