"""What the service is told by its environment about the bureau."""

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict


class CreditSettings(BaseSettings):
    """The settings of the credit watch; each is an environment variable `KUNDVAKT_<NAME>`."""

    model_config = SettingsConfigDict(env_prefix="KUNDVAKT_", extra="ignore")

    creditsafe_url: str = Field(
        default="http://127.0.0.1:8091/v1",
        description="Base URL of Creditsafe Connect, with its version; the default is the "
        "stand-in's, the bureau's own is https://connect.creditsafe.com/v1.",
    )
    creditsafe_username: str = Field(
        default="demo", description="The account at the bureau; one for all tenants."
    )
    creditsafe_password: SecretStr = Field(
        default=SecretStr("demo"), description="Its password; the default is the stand-in's."
    )
    creditsafe_timezone: str = Field(
        default="UTC",
        description="The zone of the bureau's moments that name none, as in notifications.",
    )
    credit_poll_seconds: float = Field(
        default=60.0, gt=0, description="How often the bureau's notifications are read."
    )
    credit_free_hours: float = Field(
        default=24.0,
        ge=0,
        description="For how long the bureau does not charge the same question about the same"
        " company again; it is then not asked again either.",
    )
    credit_overlap_seconds: float = Field(
        default=900.0,
        ge=0,
        description="How far before the last notification seen each reading begins, for those "
        "published late; once an hour it is a whole day.",
    )
