"""The ceiling: the gateway's own app, to which every wish is granted at once, by nobody.

`python -m benchmarks.ceiling`, with the environment of a gateway.
"""

import sys
from dataclasses import replace
from typing import Any, cast

import uvicorn
import uvloop

from chassis import logs, tracing
from chassis.ask import Asker
from chassis.settings import Settings
from chassis.site import open_site
from contracts.message import Answer, Command
from gateway.app import http, service


class Granted:
    """Answers without asking anybody."""

    async def command(self, _service: str, command: Command) -> Answer:
        """Say that it is done."""
        return Answer(stream_id=command.stream_id, position=1, version=1)


async def main() -> None:
    """Serve until we are ended."""
    settings = Settings()
    async with open_site(service, settings) as site:
        app: Any = http(replace(site, ask=cast(Asker, Granted())))
        config = uvicorn.Config(
            app,
            host=settings.http_host,
            port=settings.http_port,
            log_config=None,
            access_log=False,
            server_header=False,
        )
        server = uvicorn.Server(config)
        sys.stdout.write("{}\n")
        sys.stdout.flush()
        await server.serve()


if __name__ == "__main__":
    logs.configure("columns", "INFO")
    tracing.configure(service.name)
    uvloop.run(main())
