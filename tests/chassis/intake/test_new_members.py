"""A cause that only the next version knows: an older process loses nothing and guesses nothing."""

from typing import Any, Literal

import pytest

from chassis import codec
from chassis.consumer import applier
from chassis.edge import new_id
from chassis.incoming import Incoming
from chassis.intake import BEHIND, Intake
from chassis.reaction import Happened, Reaction
from chassis.service import Service
from contracts.credit_monitor import MonitoringStarted, MonitoringStopped
from support.enveloped import enveloped

pytestmark = pytest.mark.servers


class OlderStopped(MonitoringStopped):
    """The end of a watch as it was before companies merged and persons were erased."""

    cause: Literal["ARCHIVED", "RELATION_ENDED", "MANUAL"]  # type: ignore[assignment]


def service_that_knows(stopped: type[MonitoringStopped]) -> Service:
    """Return a listener to watches, of one version or the other."""

    async def hear(happened: Happened) -> None:
        event: Any = happened.event
        await happened.connection.execute("INSERT INTO heard (name) VALUES ($1)", event.cause)

    reaction = Reaction("hear", (MonitoringStarted, stopped), hear)
    return Service("credit-monitor", reactions=(reaction,))


def incoming(tenant: str, *events: MonitoringStarted | MonitoringStopped) -> list[Incoming]:
    """Return events as they come off the bus."""
    return [
        Incoming(envelope.headers(), envelope.data.encode(), position)
        for position, event in enumerate(events, 1)
        for envelope in [
            enveloped(event, tenant, "credit-monitor", version=position, position=position)
        ]
    ]


@pytest.mark.parametrize("cause", ["MERGED", "ERASED"])
async def test_a_cause_that_only_the_next_version_knows_waits_until_that_is_deployed(
    reader: Any, monkeypatch: pytest.MonkeyPatch, cause: Literal["MERGED", "ERASED"]
) -> None:
    one, other = new_id(), new_id()
    messages = incoming(
        reader.bench.tenant,
        MonitoringStarted(company_id=one, bureau="b", cause="RATED"),
        MonitoringStopped(company_id=one, cause=cause),
        MonitoringStarted(company_id=one, bureau="b", cause="MANUAL"),
        MonitoringStopped(company_id=other, cause="ARCHIVED"),
    )
    with monkeypatch.context() as older:
        older.setitem(codec.EVENTS, "monitoring-stopped.v1", OlderStopped)
        reader.site.service = service_that_knows(OlderStopped)
        intake = Intake(reader.site, "credit-monitor", applier(reader.site))
        assert await intake.take(messages) == [True] * 4
    assert await reader.heard() == ["RATED", "ARCHIVED"]
    [(refused, why), (behind, waits)] = await reader.parked()
    assert (refused, behind, waits) == (2, 3, BEHIND)
    assert "monitoring-stopped.v1: cause" in why
    reader.site.service = service_that_knows(MonitoringStopped)
    await reader.ask_retry()
    assert await reader.heard() == ["RATED", "ARCHIVED", cause, "MANUAL"]
    assert await reader.parked() == []


async def test_passed_over_as_of_no_concern_it_would_be_lost(
    reader: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    messages = incoming(reader.bench.tenant, MonitoringStopped(company_id=new_id(), cause="ERASED"))
    with monkeypatch.context() as older:
        older.setitem(codec.EVENTS, "monitoring-stopped.v1", OlderStopped)
        reader.site.service = Service("credit-monitor", reactions=())
        await Intake(reader.site, "credit-monitor", applier(reader.site)).take(messages)
    reader.site.service = service_that_knows(MonitoringStopped)
    await reader.ask_retry()
    assert await reader.heard() == []
