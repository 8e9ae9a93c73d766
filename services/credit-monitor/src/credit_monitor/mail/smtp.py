"""Mails handed over to a mail server by SMTP (RFC 5321): its answer decides what follows."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from urllib.parse import unquote, urlsplit

from aiosmtplib import SMTP, SMTPException, SMTPResponseException

from credit_monitor.mail.letters import one_line

PORTS = {"smtp": 25, "smtps": 465}
LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})
PERMANENT = range(500, 600)
REASON_CHARACTERS_MAX = 300
QUIT_SECONDS_MAX = 2.0
"""What is accepted is accepted, whether the server says goodbye or not."""


class ServerAway(Exception):
    """The server cannot be had, or does not let us in: nothing that is wrong with one mail."""


class Deferred(Exception):
    """The server has not taken this mail now, and may take it later."""


class Refused(Exception):
    """The server will never take this mail."""


class Doubtful(Exception):
    """The line was lost after the text had begun: nobody here knows whether it was taken."""


@dataclass(frozen=True, slots=True)
class MailServer:
    """Where mails are handed over; each on a connection of its own."""

    url: str
    seconds: float

    async def hand_over(
        self, mail: bytes, sender: str, to: str, before: Callable[[], Awaitable[None]]
    ) -> None:
        """Hand a mail over; `before` is done when all but its text has been agreed on.

        Returns when the server has taken it; else raises one of the above.
        """
        async with self._connected() as client:
            try:
                await client.mail(sender)
            except SMTPResponseException as error:
                # It is our own address, the same in every mail.
                raise ServerAway(_reason(error)) from error
            except _LOST as error:
                raise Deferred(_reason(error)) from error
            try:
                await client.rcpt(to)
            except SMTPResponseException as error:
                raise _answered(error) from error
            except _LOST as error:
                raise Deferred(_reason(error)) from error
            await before()
            try:
                await client.data(mail)
            except SMTPResponseException as error:
                raise _answered(error) from error
            except _LOST as error:
                raise Doubtful(_reason(error)) from error

    @asynccontextmanager
    async def _connected(self) -> AsyncIterator[SMTP]:
        parts = urlsplit(self.url)
        host = parts.hostname or "127.0.0.1"
        client = SMTP(
            hostname=host,
            port=parts.port or PORTS.get(parts.scheme, 25),
            use_tls=parts.scheme == "smtps",
            timeout=self.seconds,
        )
        try:
            try:
                await client.connect()
                if parts.username:
                    await _log_in(
                        client, host, unquote(parts.username), unquote(parts.password or "")
                    )
            except (SMTPException, OSError, ValueError) as error:
                raise ServerAway(_reason(error)) from error
            yield client
            with suppress(SMTPException, OSError):
                await client.quit(timeout=QUIT_SECONDS_MAX)
        finally:
            client.close()


_LOST = (SMTPException, OSError)


async def _log_in(client: SMTP, host: str, username: str, password: str) -> None:
    """Say a password only where nobody can listen."""
    if host not in LOOPBACK and client.get_transport_info("sslcontext") is None:
        raise ServerAway("it offers no encryption, and we have a password to say")
    await client.login(username, password)


def _answered(error: SMTPResponseException) -> Exception:
    return (Refused if error.code in PERMANENT else Deferred)(_reason(error))


def _reason(error: BaseException) -> str:
    """Word an error in one line, without the address it may repeat."""
    if isinstance(error, SMTPResponseException):
        return f"answered {error.code}"
    return one_line(f"{type(error).__name__}: {error}")[:REASON_CHARACTERS_MAX]
