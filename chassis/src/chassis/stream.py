"""The JetStream stream that distributes events: declared by the administrator alone."""

import asyncio
import os
from collections.abc import Sequence
from typing import Any

import nats
import structlog
from nats.aio.client import Client
from nats.errors import NoRespondersError
from nats.js.api import DiscardPolicy, RetentionPolicy, StorageType, StreamConfig
from nats.js.errors import APIError, NotFoundError

from chassis.wire import CONNECT_OPTIONS, PAYLOAD_BYTES_MAX, STREAM, SUBJECTS, servers

log = structlog.get_logger()

DUPLICATE_WINDOW_SECONDS = 24 * 3600.0
"""Comfort, not correctness: readers go by position, which never expires."""
BYTES_MAX = int(os.environ.get("KUNDVAKT_STREAM_BYTES_MAX", str(16 * 1024**3)))
"""A full stream refuses events (the relay then waits); it never drops old ones."""
UNSET: tuple[Any, ...] = (None, -1, 0, "default")
WHAT_MATTERS = (
    *("subjects", "retention", "storage", "discard", "max_age", "max_msgs", "max_msg_size"),
    *("duplicate_window", "deny_delete", "deny_purge", "allow_rollup_hdrs", "persist_mode"),
)
"""Settings without which events would be lost, refused or come twice."""
WHAT_IS_CHOSEN = ("max_bytes", "num_replicas")
"""Settings that whoever migrates chooses; services need not know them."""
REPLICAS = int(os.environ.get("KUNDVAKT_STREAM_REPLICAS", "1"))
"""Three where there are three servers."""
ELECTION_SECONDS_MAX = 60.0
"""Servers that start together first find one another, then choose who leads."""
LOOK_SECONDS = 0.25
NOT_YET = (10005, 10008)
"""What JetStream answers meanwhile: no suitable peers, temporarily unavailable."""


class StreamDrifted(RuntimeError):
    """Somebody changed the stream: what is published on it may be lost."""


def stream_config() -> StreamConfig:
    """Return the stream as it must be; anything else on the server is drift."""
    return StreamConfig(
        name=STREAM,
        description="Every public event of Kundvakt, in the order of its source",
        subjects=[SUBJECTS],
        retention=RetentionPolicy.LIMITS,
        storage=StorageType.FILE,
        discard=DiscardPolicy.NEW,
        max_bytes=BYTES_MAX,
        max_msg_size=PAYLOAD_BYTES_MAX,
        duplicate_window=DUPLICATE_WINDOW_SECONDS,
        num_replicas=REPLICAS,
        allow_direct=True,
        deny_delete=True,
        deny_purge=True,
    )


async def declare_stream(admin_url: str) -> None:
    """Declare the stream, or bring it back to what it must be."""
    connection = await nats.connect(servers(admin_url), name="migrate", **CONNECT_OPTIONS)
    try:
        await _declare(connection)
    finally:
        await connection.close()


async def _declare(connection: Client) -> None:
    """Declare the stream once there is somebody to declare it to."""
    async with asyncio.timeout(ELECTION_SECONDS_MAX):
        while True:
            try:
                return await _declare_now(connection)
            except (APIError, NoRespondersError, nats.errors.TimeoutError) as error:
                if isinstance(error, APIError) and error.err_code not in NOT_YET:
                    raise
                log.info("the bus is not ready", error=repr(error))
                await asyncio.sleep(LOOK_SECONDS)


async def _declare_now(connection: Client) -> None:
    jetstream = connection.jetstream()
    wanted = stream_config()
    try:
        found = (await jetstream.stream_info(STREAM)).config
    except NotFoundError:
        await jetstream.add_stream(wanted)
        log.info("stream declared", stream=STREAM)
        return
    drift = differences(found, WHAT_MATTERS + WHAT_IS_CHOSEN)
    if drift:
        log.warning("stream had drifted", stream=STREAM, **drift)
        await jetstream.update_stream(wanted)


def differences(found: StreamConfig, names: Sequence[str] = WHAT_MATTERS) -> dict[str, Any]:
    """Return the settings that are not as they must be, with what was found."""
    wanted = stream_config()
    return {
        name: getattr(found, name)
        for name in names
        if _plain(getattr(found, name)) != _plain(getattr(wanted, name))
    }


def _plain(value: Any) -> Any:
    """Return a setting as it is compared: the server words what is not set in its own ways."""
    return None if value in UNSET else value


async def refuse_drift(connection: Client) -> None:
    """Raise `StreamDrifted` where the stream is not as it must be; one not there is waited for."""
    drift = differences((await connection.jetstream().stream_info(STREAM)).config)
    if drift:
        raise StreamDrifted(f"the stream {STREAM} has drifted, run `kundvakt migrate`: {drift}")


async def delete_stream(admin_url: str) -> None:
    """Throw the stream away, if there is one."""
    connection = await nats.connect(servers(admin_url), name="rebuild", **CONNECT_OPTIONS)
    try:
        await connection.jetstream().delete_stream(STREAM)
    except NotFoundError:
        log.info("there was no stream", stream=STREAM)
    finally:
        await connection.close()


async def recreate_stream(admin_url: str) -> None:
    """Throw the stream away and declare it anew, empty."""
    await delete_stream(admin_url)
    await declare_stream(admin_url)
