"""Takes one protection away from a service, to see that a test notices.

Loaded by the interpreter of every process whose path begins with this folder; does nothing
unless `KUNDVAKT_TEST_SABOTAGE` names a protection, or `KUNDVAKT_TEST_CLOCK` a file that says by how
many seconds our one clock is wrong.
"""

import os
from collections.abc import Callable
from dataclasses import replace
from typing import Any


def forget_commands() -> None:
    """Recognise no command that was answered before."""
    from chassis.event_store import PostgresStreams  # noqa: PLC0415 - only where it is sabotaged

    read: Callable[..., Any] = PostgresStreams.read

    async def forgetful(self: Any, stream: Any, command: Any) -> Any:
        return replace(await read(self, stream, command), answered=None)

    PostgresStreams.read = forgetful  # type: ignore[method-assign]


def publish_after_remembering() -> None:
    """Note events as published before they are, and ask for none that is missing."""
    from chassis import relay, watch  # noqa: PLC0415 - only where it is sabotaged

    publish: Callable[..., Any] = relay.Publisher.publish

    async def too_late(self: Any, envelopes: Any, suffix: str) -> None:
        last = envelopes[-1].position
        await relay_connection(self).execute("UPDATE relay SET position = $1", last)
        relay.reach("sabotage.remembered")
        await publish(self, envelopes, suffix)

    def relay_connection(publisher: Any) -> Any:
        return publisher.sabotaged_connection

    window: Callable[..., Any] = relay._window  # noqa: SLF001 - that is what is sabotaged

    async def with_connection(
        source: str, connection: Any, publisher: Any, events_max: int | None = None
    ) -> bool:
        publisher.sabotaged_connection = connection
        more: bool = await window(source, connection, publisher, events_max)
        return more

    async def look_away(*_: Any) -> None:
        return

    relay.Publisher.publish = too_late  # type: ignore[method-assign]
    relay._window = with_connection  # noqa: SLF001 - the same
    watch._look = look_away  # noqa: SLF001 - the same


def checkpoint_before_effect() -> None:
    """Commit the checkpoint before what it stands for."""
    from chassis.intake import Intake  # noqa: PLC0415 - only where it is sabotaged

    take: Callable[..., Any] = Intake._take_all  # noqa: SLF001 - that is what is sabotaged

    async def hasty(self: Any, connection: Any, envelopes: Any) -> None:
        for envelope in envelopes:
            await connection.execute(
                "UPDATE checkpoints SET position = $3 WHERE consumer = $1 AND source = $2",
                self._consumer,
                envelope.source,
                envelope.position,
            )
        await connection.execute("COMMIT")
        await connection.execute("BEGIN")
        from chassis.failpoints import reach  # noqa: PLC0415 - the same

        reach("sabotage.checkpointed")
        await take(self, connection, envelopes)

    Intake._take_all = hasty  # type: ignore[method-assign]  # noqa: SLF001 - the same


def sync_now_and_then() -> None:
    """Let both servers say that something is kept before it is on the disk."""
    from onebox import permissions, postgres  # noqa: PLC0415 - only where it is sabotaged

    jetstream: Callable[[str, str], str] = permissions.jetstream
    permissions.jetstream = lambda directory, bytes_max: jetstream(directory, bytes_max).replace(
        "  sync_interval: always\n", ""
    )
    postgres.SETTINGS["synchronous_commit"] = "off"
    postgres.SETTINGS["wal_writer_delay"] = "10s"
    postgres.SETTINGS["wal_writer_flush_after"] = "100MB"


def trust_silent_servers() -> None:
    """Ask seldom whether the bus is still there, and ask for commands through one server alone."""
    from chassis import wire  # noqa: PLC0415 - only where it is sabotaged
    from chassis.ask import Asker  # noqa: PLC0415 - the same

    wire.CONNECT_OPTIONS["ping_interval"] = 60
    set_up: Callable[..., None] = Asker.__init__

    def alone(self: Any, connection: Any, deadline: float, _: Any = ()) -> None:
        set_up(self, connection, deadline)

    Asker.__init__ = alone  # type: ignore[assignment]


def forget_nights() -> None:
    """Reconcile, and do not keep that it was done."""
    from datetime import date  # noqa: PLC0415 - only where it is sabotaged

    from credit_monitor.reconciling import reconciliations  # noqa: PLC0415 - the same

    finish: Callable[..., Any] = reconciliations.finish

    async def forgetful(connection: Any, held: Any, drift: Any) -> None:
        await finish(connection, replace(held, slot=date(2000, 1, 1)), drift)

    reconciliations.finish = forgetful  # type: ignore[assignment]


def show_persons() -> None:
    """Keep a bureau's references of persons as they are."""
    from credit_monitor.reaching.discreet import Hiding  # noqa: PLC0415 - only where sabotaged

    async def plainly(_: Hiding, reference: str) -> str:
        return reference

    Hiding.hidden = plainly  # type: ignore[method-assign]


def set_clock(file: str) -> None:
    """Let our one clock be wrong by what a file says, from one look to the next."""
    from datetime import timedelta  # noqa: PLC0415 - only where it is sabotaged
    from pathlib import Path  # noqa: PLC0415 - the same

    from chassis import edge  # noqa: PLC0415 - the same

    right: Callable[[], Any] = edge.now
    edge.now = lambda: right() + timedelta(seconds=float(Path(file).read_text()))


if clock := os.environ.get("KUNDVAKT_TEST_CLOCK"):
    set_clock(clock)

SABOTAGES = {
    "show-persons": show_persons,
    "forget-nights": forget_nights,
    "trust-silent-servers": trust_silent_servers,
    "sync-now-and-then": sync_now_and_then,
    "forget-commands": forget_commands,
    "publish-after-remembering": publish_after_remembering,
    "checkpoint-before-effect": checkpoint_before_effect,
}

if name := os.environ.get("KUNDVAKT_TEST_SABOTAGE"):
    SABOTAGES[name]()
