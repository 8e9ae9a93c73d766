"""What the service is told by its environment about the bureau."""

from functools import cache

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
        default="demo",
        description="The account at the bureau, for all tenants that have none of their own.",
    )
    creditsafe_password: SecretStr = Field(
        default=SecretStr("demo"), description="Its password; the default is the stand-in's."
    )
    creditsafe_timezone: str = Field(
        default="UTC",
        description="The zone of the bureau's moments that name none, as in notifications.",
    )
    dnb_url: str = Field(
        default="https://plus.dnb.com", description="Base URL of D&B Direct+, without a version."
    )
    dnb_key: str = Field(
        default="", description="The account at D&B, for all tenants that have none of their own."
    )
    dnb_secret: SecretStr = Field(default=SecretStr(""), description="Its secret.")
    tic_url: str = Field(
        default="https://lens-api.tic.io", description="Base URL of TIC's LENS API."
    )
    tic_key: SecretStr = Field(
        default=SecretStr(""),
        description="The API key at TIC, for all tenants that have none of their own.",
    )
    bureau_push_url: str = Field(
        default="",
        description="Where the gateway is reached from outside, `https://…`; bureaus that push are "
        "told to push there, and are only read from time to time without it.",
    )
    bureau_left_alone_seconds: float = Field(
        default=30.0,
        ge=0,
        description="How long a bureau that fails again and again is not asked at first; each "
        "time it still fails, twice as long, up to ten minutes.",
    )
    credit_raw_days: int = Field(
        default=90, ge=1, description="How long bureaus' answers are kept as they came, sealed."
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


@cache
def credit_settings() -> CreditSettings:
    """Return what the environment says, read once: that takes more than a millisecond."""
    return CreditSettings()
