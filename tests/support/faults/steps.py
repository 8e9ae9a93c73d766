"""Every step that can be interrupted, read off the code itself: a new one is there at once."""

import re
from pathlib import Path

HOUSE = Path(__file__).parents[3]
RELAYING = ("companies", "enrichment", "credit-monitor")
EVERYWHERE = (*RELAYING, "gateway")
MACHINERY = {
    "append": ("companies",),
    "relay": RELAYING,
    "intake": EVERYWHERE,
    "consumer": EVERYWHERE,
    "projector": ("gateway",),
}
"""Which processes pass the machinery's steps."""
JOBS = {
    "rebuild": "rebuild",
    "erase": "erase",
    "enrichment.set-begun": "load",
    "enrichment.rows-copied": "load",
    "enrichment.file-copied": "load",
    "enrichment.step-built": "load",
    "enrichment.set-filled": "load",
    "enrichment.set-shown": "load",
    "enrichment.sets-swept": "load",
    "enrichment.sources-noted": "load",
    "enrichment.changes-taken": "changes",
    **{
        f"credit-monitor.{step}": "alerts"
        for step in (
            *("night-counted", "night-said", "night-told"),
            *("escalation-begun", "escalation-said", "escalated"),
            *("mail-leased", "mail-agreed", "mail-begun", "mail-accepted", "mail-sent"),
        )
    },
    **{
        f"enrichment.feed-{step}": "feeds"
        for step in ("read", "entries-asked", "entries-taken", "told", "moved", "kept")
    },
    **{
        f"credit-monitor.reconcile-{step}": "reconcile"
        for step in ("leased", "listed", "removed", "put-back", "looked-at", "done")
    },
    **{
        f"credit-monitor.{step}": "bureaus"
        for step in (
            *("bureau-chosen", "choice-spread", "bureau-left", "left-behind-removed"),
            *("consumed", "raw-kept"),
        )
    },
    "credit-monitor.check-answered": "checks",
    "credit-monitor.forgetting": "checks",
    "gateway.view-told": "checks",
    "credit-monitor.change-noted": "checks",
    **{f"enrichment.question-{step}": "feeds" for step in ("taken", "asked", "told", "answered")},
}
"""Steps of jobs, and which job passes them.

`feeds` need a registry that is asked, `reconcile` a night, `alerts` somebody who is told, `checks`
somebody who asks for a rating: these are interrupted in tests/credit_monitor/test_checks.py and, of
whom only that something changed is noted, test_noted.py, those
of `bureaus`, which a tenant passes that chooses another one, in
tests/credit_monitor/test_switching.py.
"""


def named() -> list[str]:
    """Return every step as it is named in the code."""
    return [
        name
        for top in ("chassis", "services")
        for file in sorted((HOUSE / top).rglob("src/**/*.py"))
        for name in re.findall(r'\breach\(\s*f?"([^"]+)"', file.read_text())
    ]


def steps(*, crossed: bool = True) -> list[tuple[str, str]]:
    """Return every service and step that it passes.

    Not crossed, a step of the machinery is one service's alone, another one's each time.
    """
    found: list[tuple[str, str]] = []
    for name in named():
        area, _, step = name.rpartition(".")
        if name in JOBS or area in JOBS:
            continue
        if area == "{service}":
            found.append(("companies", f"companies.{step}"))
        elif area == "{service.name}":
            found += [(service, f"{service}.{step}") for service in EVERYWHERE]
        else:
            services = MACHINERY.get(area, (area,))
            tried = services if crossed else (services[len(found) % len(services)],)
            found += [(service, name) for service in tried]
    return found


def steps_of_jobs() -> list[tuple[str, str]]:
    """Return every job and step that it passes."""
    return [
        (JOBS[key], name)
        for name in named()
        for key in (name, name.rpartition(".")[0])
        if key in JOBS
    ]
