"""What a process is told by its environment: every value once, with a safe default."""

from typing import Literal

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict


class Settings(BaseSettings):
    """The settings every service has; each is an environment variable `KUNDVAKT_<NAME>`."""

    model_config = SettingsConfigDict(env_prefix="KUNDVAKT_", extra="ignore")

    database_url: SecretStr = Field(
        default=SecretStr("postgresql://localhost/kundvakt"),
        description="The service's own database, as its own role.",
    )
    reader_database_url: SecretStr | None = Field(
        default=None,
        description="The gateway's database as the role that only reads, under row-level security.",
    )
    keys_database_url: SecretStr | None = Field(
        default=None, description="The database that holds the sealing keys, apart from all events."
    )
    master_key: SecretStr | None = Field(
        default=None,
        description="32 bytes in hexadecimal: wraps the sealing keys. Lose it and personal texts "
        "are lost.",
    )
    nats_url: SecretStr = Field(
        default=SecretStr("nats://127.0.0.1:4222"),
        description="NATS with JetStream, as the service's own user; several servers by comma.",
    )
    nats_inbox_prefix: str = Field(
        default="_INBOX", description="The only inbox the service's NATS user may listen on."
    )
    ops_host: str = Field(default="127.0.0.1", description="Where health and metrics listen.")
    ops_port: int = Field(
        default=0, description="Port of health and metrics; 0 takes a free one and logs it."
    )
    http_host: str = Field(default="127.0.0.1", description="Where the gateway listens.")
    http_port: int = Field(default=8080, description="Port of the gateway.")
    pool_size: int = Field(
        default=8, ge=1, le=100, description="Database connections a process holds at most."
    )
    command_deadline_seconds: float = Field(
        default=2.5,
        gt=0,
        description="How long an unanswered command is asked again before 503: under the 3 s that "
        "clients are promised.",
    )
    log_format: Literal["columns", "json"] = Field(
        default="columns", description="Columns for people, JSON for machines."
    )
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field(
        default="INFO", description="The least important line that is written."
    )
