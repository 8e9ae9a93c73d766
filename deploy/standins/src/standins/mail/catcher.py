"""SMTP as far as a mail needs it: what comes is kept, unless it is to go wrong."""

import asyncio
from typing import Any

from aiosmtpd.smtp import SMTP

from standins.logs import log
from standins.mail import caught, faults
from standins.store import Store

OK = "250 OK"
WORDS = {
    421: "421 4.3.2 Service shutting down, try again later",
    450: "450 4.2.0 Greylisted, try again later",
    451: "451 4.3.0 Local error in processing",
    452: "452 4.2.2 Mailbox full",
    550: "550 5.1.1 No such user here",
    552: "552 5.3.4 Message too big",
    554: "554 5.7.1 Rejected as spam",
}


class Catcher:
    """Answers one command after the other; the names are those that aiosmtpd calls."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def handle_EHLO(  # noqa: N802 - as it is called
        self, server: Any, session: Any, _envelope: Any, hostname: str, responses: list[str]
    ) -> list[str]:
        """Greet back."""
        session.host_name = hostname
        failed = self._fails(server, "ehlo")
        return [failed] if failed else responses

    async def handle_MAIL(  # noqa: N802 - as it is called
        self, server: Any, _session: Any, envelope: Any, address: str, options: list[str]
    ) -> str:
        """Take the sender."""
        if failed := self._fails(server, "mail"):
            return failed
        envelope.mail_from = address
        envelope.mail_options.extend(options)
        return OK

    async def handle_RCPT(  # noqa: N802 - as it is called
        self, server: Any, _session: Any, envelope: Any, address: str, options: list[str]
    ) -> str:
        """Take a recipient."""
        if failed := self._fails(server, "rcpt", address):
            return failed
        if faults.is_greylisted(self._store, address):
            return WORDS[450]
        envelope.rcpt_tos.append(address)
        envelope.rcpt_options.extend(options)
        return OK

    async def handle_DATA(self, server: Any, _session: Any, envelope: Any) -> str:  # noqa: N802
        """Take the text."""
        await asyncio.sleep(faults.present(self._store).slow_seconds)
        struck = faults.strike(self._store, "data", ",".join(envelope.rcpt_tos))
        if struck is None or (struck.drop and struck.keep):
            for recipient in envelope.rcpt_tos:
                known_by = caught.keep(
                    self._store, envelope.mail_from, recipient, envelope.original_content
                )
                log("mail caught", message_id=known_by)
        return self._failed(server, struck) if struck else OK

    def _fails(self, server: Any, place: faults.Place, recipient: str = "") -> str:
        struck = faults.strike(self._store, place, recipient)
        return self._failed(server, struck) if struck else ""

    def _failed(self, server: Any, struck: faults.Faults) -> str:
        if struck.drop:
            server.transport.abort()
        code = struck.answer or 451
        if code == 421:  # noqa: PLR2004 - SMTP's own
            asyncio.get_running_loop().call_soon(server.transport.close)
        return WORDS.get(code, f"{code} as wished")


async def listen(store: Store, host: str, port: int) -> asyncio.Server:
    """Begin to listen."""
    catcher = Catcher(store)
    return await asyncio.get_running_loop().create_server(
        lambda: SMTP(catcher, hostname="catcher.example", enable_SMTPUTF8=True, ident="Catcher"),
        host,
        port,
    )
