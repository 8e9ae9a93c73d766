"""What the service is told by its environment about mail."""

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict


class MailSettings(BaseSettings):
    """The settings of mail; each is an environment variable `KUNDVAKT_<NAME>`."""

    model_config = SettingsConfigDict(env_prefix="KUNDVAKT_", extra="ignore")

    smtp_url: SecretStr = Field(
        default=SecretStr("smtp://127.0.0.1:8025"),
        description="The mail server: `smtp://user:password@host:587`, encrypted where the server"
        " offers it, or `smtps://…:465`; the default is the catching one's. Empty: no mail.",
    )
    smtp_sender: str = Field(
        default="kundvakt@kundvakt.example",
        pattern=r"^[^\s@<>]+@[A-Za-z0-9.-]+$",
        description="From whom mails are; its domain also ends their Message-ID.",
    )
    smtp_seconds: float = Field(
        default=60.0,
        gt=0,
        description="How long one answer of the mail server is waited for.",
    )
    public_url: str = Field(
        default="http://127.0.0.1:8080",
        description="Where people reach the gateway; mails point there.",
    )
