"""`make run`: all of Kundvakt on this machine, until Ctrl-C."""

import asyncio
import os
import signal
import sys
import time
from collections.abc import Mapping
from pathlib import Path

from pydantic import Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from chassis import logs
from chassis.failpoints import arm
from chassis.operator import MigrationFailed
from onebox import demo
from onebox.box import SERVICES, Onebox, Options
from onebox.problems import CannotRunError
from onebox.programs import OTHERS
from onebox.terminal import say

DEMO_RATING_SECONDS = 5.0
DEMO_SETTINGS = {"KUNDVAKT_CREDIT_POLL_SECONDS": "1", "KUNDVAKT_ALERT_QUIET_SECONDS": "5"}


class RunSettings(BaseSettings):
    """What a run is told by its environment: variables `KUNDVAKT_<NAME>`."""

    model_config = SettingsConfigDict(env_prefix="KUNDVAKT_", extra="ignore")

    home: Path = Field(default=Path(".kundvakt"), description="Where everything is kept.")
    http_port: int = Field(default=8080, ge=1, le=65535, description="Port of the gateway.")
    database_url: SecretStr = Field(
        default=SecretStr(""), description="Postgres's administrator: used instead of our own."
    )
    nats_url: SecretStr = Field(
        default=SecretStr(""), description="NATS's administrator: used instead of our own."
    )
    demo: bool = Field(default=True, description="Whether a tenant `demo` shows what happens.")
    sample_rows: int = Field(
        default=0, ge=0, description="Rows of the sample registry; 0 for the usual 20,000."
    )
    failpoint: str = Field(
        default="", description="For tests: `service=name:nth:action` arms one step of a service."
    )


def failpoints(setting: str) -> dict[str, str]:
    """Return whose first process is to be interrupted where; without a service, everyone's."""
    armed: dict[str, str] = {}
    for one in filter(None, setting.split(",")):
        service, sign, point = one.rpartition("=")
        for name in (service,) if sign else SERVICES:
            armed[name] = f"{armed[name]},{point}" if name in armed else point
    return armed


def passed_on(environment: Mapping[str, str]) -> dict[str, str]:
    """Return what is meant for the services, rather than for the run."""
    ours = {f"KUNDVAKT_{name.upper()}" for name in RunSettings.model_fields}
    return {
        name: value
        for name, value in environment.items()
        if name.startswith(("KUNDVAKT_", "OTEL_")) and name not in ours
    }


def standing_in(environment: Mapping[str, str]) -> tuple[str, ...]:
    """Return which bureaus besides Creditsafe stand in: those that nobody has an account at."""
    return tuple(
        name
        for name in OTHERS
        if not any(given.startswith(f"KUNDVAKT_{name.upper()}_") for given in environment)
    )


async def run(settings: RunSettings) -> None:
    """Run until the task is cancelled."""
    task = asyncio.current_task()
    assert task  # noqa: S101 - a coroutine runs in one
    for sign in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        asyncio.get_running_loop().add_signal_handler(sign, task.cancel)
    began = time.monotonic()
    own = DEMO_SETTINGS if settings.demo else {}
    options = Options(
        http_port=settings.http_port,
        database_url=settings.database_url.get_secret_value(),
        nats_url=settings.nats_url.get_secret_value(),
        failpoints=failpoints(settings.failpoint),
        bureau_every_seconds=DEMO_RATING_SECONDS if settings.demo else 0,
        other_bureaus=standing_in(os.environ),
        sample_rows=settings.sample_rows,
        environment={**own, **passed_on(os.environ)},
    )
    say(f"Kundvakt starts in {settings.home.resolve()}")
    try:
        async with Onebox(settings.home, options) as box:
            key = await demo.seed(box) if settings.demo else ""
            loading = box.registry_loading
            greet(box, key, time.monotonic() - began)
            await box.registry_loaded()
            if loading:
                say(f"the registry is loaded, {time.monotonic() - began:.0f} s after the start")
            if key:
                await demo.show(box, key)
            await asyncio.Event().wait()
    except asyncio.CancelledError:
        say("stopped")


def greet(box: Onebox, key: str, seconds: float) -> None:
    """Say where everything is, and that it is ready."""
    url = box.urls["gateway"]
    say(f"started in {seconds:.1f} s; logs in {box.home.logs}")
    say(f"the API's documentation: {url}/docs")
    say(f"mails are caught, and shown at {box.urls['mail']}")
    if key:
        say(f"API key of the tenant 'demo': {key}")
        say(f"curl -H 'Authorization: Bearer {key}' {url}/api/v1/companies")
    if box.registry_loading:
        say(f"the registry is being loaded; {url}/api/v1/registry/companies?q= says how far it is")
    say(f"ready {url}")


def main() -> None:
    """Run, and say in a sentence why not."""
    logs.configure("columns", "WARNING")
    arm("")  # the point is for a service, not for us
    try:
        asyncio.run(run(RunSettings()))
    except ValidationError as problem:
        sys.exit(f"A setting is not as it must be.\n{problem}")
    except (CannotRunError, MigrationFailed, PermissionError) as problem:
        sys.exit(str(problem))


if __name__ == "__main__":
    main()
