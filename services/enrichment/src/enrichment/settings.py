"""What the service is told by its environment about the registries."""

from pathlib import Path
from typing import Annotated

from pydantic import Field, SecretStr, field_validator
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

    registry_recheck_days: float = Field(
        default=7.0,
        gt=0,
        description="How often companies of a CRM are looked up anew at registries that tell no "
        "changes.",
    )
    bolagsverket_url: str = Field(
        default="https://gw.api.bolagsverket.se/vardefulla-datamangder/v1",
        description="Base URL of Bolagsverket's API.",
    )
    bolagsverket_token_url: str = Field(
        default="https://portal.api.bolagsverket.se/oauth2/token",
        description="Where Bolagsverket gives out tokens.",
    )
    bolagsverket_files_url: str = Field(
        default="https://vardefulla-datamangder.bolagsverket.se",
        description="Where the weekly files of Bolagsverket and Statistics Sweden are.",
    )
    bolagsverket_client_id: str = Field(
        default="", description="Client id at Bolagsverket; with it, Bolagsverket is asked."
    )
    bolagsverket_client_secret: SecretStr = Field(
        default=SecretStr(""), description="The client's secret."
    )
    scb_url: str = Field(
        default="https://privateapi.scb.se/nv0101/v1/sokpavar",
        description="Base URL of Statistics Sweden's business register.",
    )
    scb_certificate: Path | None = Field(
        default=None,
        description="PEM file with the client certificate and its key; with it, Statistics Sweden "
        "is asked.",
    )
    scb_authority: Path | None = Field(
        default=None, description="PEM file of the authority to trust instead of the public ones."
    )
    prh_url: str = Field(
        default="https://avoindata.prh.fi/opendata-ytj-api/v3",
        description="Base URL of the Finnish register's open data.",
    )
    cvr_url: str = Field(
        default="https://distribution.virk.dk/cvr-permanent",
        description="Base URL of the Danish register's distribution.",
    )
    cvr_username: str = Field(
        default="", description="User name at the Danish register; with it, the register is asked."
    )
    cvr_password: SecretStr = Field(default=SecretStr(""), description="Its password.")
    gleif_url: str = Field(
        default="https://api.gleif.org/api/v1", description="Base URL of GLEIF's API."
    )

    @field_validator("registries_open", mode="before")
    @classmethod
    def _listed(cls, value: object) -> object:
        """Read a list by comma."""
        if not isinstance(value, str):
            return value
        return frozenset(name.strip() for name in value.split(",") if name.strip())
