"""What the service is told by its environment about alerts."""

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict


class AlertsSettings(BaseSettings):
    """The settings of alerts; each is an environment variable `KUNDVAKT_<NAME>`."""

    model_config = SettingsConfigDict(env_prefix="KUNDVAKT_", extra="ignore")

    alert_quiet_seconds: float = Field(
        default=600.0,
        ge=0,
        description="How long nothing more is heard of what a bureau's model moved before it is"
        " told.",
    )
