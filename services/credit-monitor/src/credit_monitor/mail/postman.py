"""Hands mails over to the mail server, each once as far as anybody can."""

import asyncio
from collections.abc import Callable
from datetime import datetime, timedelta

import structlog

from chassis.edge import derived_id, now
from chassis.failpoints import reach
from chassis.postgres import TRANSIENT, heal
from chassis.sealing import open_text
from chassis.site import Site
from chassis.tenancy import tenant_transaction
from credit_monitor import metrics
from credit_monitor.alerts import people
from credit_monitor.leases import LeaseLost, kept_up
from credit_monitor.mail import outbox
from credit_monitor.mail.letters import Recipient, Sender, address_on_the_wire, letter
from credit_monitor.mail.outbox import Mail
from credit_monitor.mail.settings import MailSettings
from credit_monitor.mail.smtp import Deferred, Doubtful, MailServer, Refused, ServerAway
from credit_monitor.patience import patience

log = structlog.get_logger()

AT_ONCE_MAX = 4
"""Connections to the mail server at a time: more than one mail a second, and no burden to it."""
LOOK_SECONDS = 0.5
BACKOFF_SECONDS_FIRST, BACKOFF_SECONDS_MAX = 15.0, 3600.0
"""Whoever greylists takes a mail some minutes later."""
GIVE_UP = timedelta(days=5)
"""RFC 5321 §4.5.4.1: at least four to five days."""
DOUBTS_MAX = 3
"""How often a text is begun at most: a line lost each time may have delivered it each time."""
AWAY_SECONDS_FIRST, AWAY_SECONDS_MAX = 1.0, 60.0
MARGIN_SECONDS = 5.0
"""Longer than a hand-over may take: until then nobody else begins it again."""
PRUNE_SECONDS = 3600.0


class Postman:
    """Takes due mails in hand and hands them over."""

    def __init__(
        self, site: Site, settings: MailSettings, clock: Callable[[], datetime] = now
    ) -> None:
        self._site = site
        self._server = MailServer(settings.smtp_url.get_secret_value(), settings.smtp_seconds)
        self._sender = Sender(settings.smtp_sender, settings.public_url.rstrip("/"))
        # Two answers are waited for after the text has begun.
        self._held_seconds = 2 * settings.smtp_seconds + MARGIN_SECONDS
        self._now = clock
        self._away = 0

    async def run(self) -> None:
        """Hand over for ever."""
        pruned = self._now()
        while True:
            try:
                handed = await self.turn()
                if self._now() - pruned > timedelta(seconds=PRUNE_SECONDS):
                    pruned = self._now()
                    await outbox.prune(self._site.pool, pruned)
            except TRANSIENT as error:
                log.warning("mail interrupted", error=repr(error))
                await heal(self._site.pool, error)
                handed = 0
            except Exception:
                log.exception("mail failed")
                handed = 0
            if self._away or not handed:
                await asyncio.sleep(self._pause())

    def _pause(self) -> float:
        """Return how long to wait: longer each time while the server is away."""
        if not self._away:
            return LOOK_SECONDS
        return patience(AWAY_SECONDS_FIRST, AWAY_SECONDS_MAX, self._away - 1)

    async def turn(self) -> int:
        """Take some mails in hand and deal with each; returns how many there were."""
        taken = await outbox.lease(self._site.pool, AT_ONCE_MAX, self._now())
        outcomes = await asyncio.gather(*(self._deal_with(mail) for mail in taken))
        if taken:
            is_away = "away" in outcomes
            self._away = self._away + 1 if is_away else 0
        return len(taken)

    async def _deal_with(self, mail: Mail) -> str:
        """Hand one over; whatever goes wrong, it is taken again later or ended with its reason."""
        outcome = "failed"
        try:
            reach("credit-monitor.mail-leased")
            async with kept_up(lambda: outbox.extend(self._site.pool, mail)):
                outcome = await self._hand_over(mail)
        except LeaseLost:
            outcome = "lease-lost"
        except TRANSIENT as error:
            log.warning("mail interrupted", mail=str(mail.mail_id), error=repr(error))
            await heal(self._site.pool, error)
        except Exception as error:
            log.exception("mail failed", mail=str(mail.mail_id))
            await self._put_off(mail, type(error).__name__, doubtful=False)
        metrics.MAILS.labels(outcome).inc()
        return outcome

    async def _hand_over(self, mail: Mail) -> str:
        pool = self._site.pool
        recipient = await self._recipient(mail)
        why_not = self._why_not(mail, recipient)
        if recipient is None or why_not:
            await outbox.end(pool, mail, "dropped", self._now(), why_not)
            return "dropped"
        told = await outbox.items(pool, mail)
        message = letter(
            mail.mail_id,
            recipient,
            told,
            sender=self._sender,
            at=self._now(),
            digest=mail.digest,
        )
        try:
            await self._server.hand_over(
                message, self._sender.address, recipient.address, lambda: self._begin(mail)
            )
        except ServerAway as error:
            log.warning("mail server away", why=str(error))
            await outbox.release(pool, mail)
            return "away"
        except Refused as error:
            log.warning("mail refused", mail=str(mail.mail_id), why=str(error))
            await outbox.end(pool, mail, "dropped", self._now(), str(error))
            return "refused"
        except (Deferred, Doubtful) as error:
            doubtful = isinstance(error, Doubtful)
            await self._put_off(mail, str(error), doubtful=doubtful)
            return "doubtful" if doubtful else "deferred"
        reach("credit-monitor.mail-accepted")
        await outbox.end(pool, mail, "sent", self._now())
        reach("credit-monitor.mail-sent")
        log.info("mail sent", mail=str(mail.mail_id), alerts=len(told))
        return "sent"

    async def _begin(self, mail: Mail) -> None:
        reach("credit-monitor.mail-agreed")
        await outbox.begin(self._site.pool, mail, self._held_seconds)
        reach("credit-monitor.mail-begun")

    async def _recipient(self, mail: Mail) -> Recipient | None:
        """Return whom a mail is to; nobody, once they were erased or are let in no longer."""
        async with tenant_transaction(self._site.pool, mail.tenant_id) as connection:
            person = await people.find(connection, mail.tenant_id, mail.user_id)
        if person is None or not person.active or person.email is None:
            return None
        keys, tenant, user = self._site.keys, mail.tenant_id, mail.user_id
        address = address_on_the_wire(
            await open_text(keys, tenant, user, "email", person.email) or ""
        )
        name = await open_text(keys, tenant, user, "name", person.name) if person.name else None
        return Recipient(user, name, address, person.language) if address else None

    def _why_not(self, mail: Mail, recipient: Recipient | None) -> str | None:
        if recipient is None:
            return "nobody to send it to any more, or at no address that mail reaches"
        if mail.doubts >= DOUBTS_MAX:
            return "the line was lost each time; it may have arrived"
        return "not taken for days" if self._now() - mail.queued_at > GIVE_UP else None

    async def _put_off(self, mail: Mail, reason: str, *, doubtful: bool) -> None:
        """Try again later, later every time; mails do not all come back at once."""
        longest = patience(BACKOFF_SECONDS_FIRST, BACKOFF_SECONDS_MAX, mail.attempts)
        share = 0.5 + derived_id(mail.mail_id, str(mail.attempts)).int % 1000 / 2000
        until = self._now() + timedelta(seconds=longest * share)
        log.warning("mail put off", mail=str(mail.mail_id), why=reason, until=until.isoformat())
        await outbox.put_off(self._site.pool, mail, until, reason, doubtful=doubtful)


async def deliver(site: Site) -> None:
    """Hand mails over for ever, where there is a mail server."""
    settings = MailSettings()
    if settings.smtp_url.get_secret_value():
        await Postman(site, settings).run()
    await asyncio.Event().wait()
