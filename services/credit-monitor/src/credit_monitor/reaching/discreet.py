"""References made of a person's number: shown to the bureau, hidden from whatever is kept.

A bureau calls a sole trader by a reference that their number can be read from. Kept is what
stands for it: the same text every time, so that what a bureau tells can be matched with it, and
unreadable without the account's own key (AES-SIV, RFC 5297).
"""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Iterable, Sequence
from dataclasses import replace

from cryptography.hazmat.primitives.ciphers.aead import AESSIV

from chassis.edge import derived_id
from chassis.keys import KeyRing
from chassis.tenancy import Pool
from credit_monitor.bureaus.account import parts_of
from credit_monitor.bureaus.port import Batch, Bureau, Entry, Member, Reading, Report, Subject
from credit_monitor.credit.changes import Fact, Part
from credit_monitor.reaching.raw_answers import NOBODY

MARK = "~"
"""How a hidden reference begins; no bureau's own does."""
KNOWN = "SELECT reference FROM listings WHERE account = $1 AND starts_with(reference, '~')"


class Hiding:
    """Hides references of one account, and shows them again."""

    def __init__(self, pool: Pool, keys: KeyRing, account: str) -> None:
        self._pool = pool
        self._keys = keys
        self._account = account
        self._owner = parts_of(account)[1] or NOBODY

    async def hidden(self, reference: str) -> str:
        """Return what is kept instead of a reference."""
        return self._hidden(await self._cipher(), reference)

    async def shown(self, kept: str) -> str:
        """Return the reference that something kept stands for, which may be itself."""
        if not kept.startswith(MARK):
            return kept
        secret = urlsafe_b64decode(kept.removeprefix(MARK))
        return (await self._cipher()).decrypt(secret, [self._account.encode()]).decode()

    async def as_kept(self, references: Iterable[str]) -> dict[str, str]:
        """Return what is kept instead of those references that are hidden."""
        known = {row["reference"] for row in await self._pool.fetch(KNOWN, self._account)}
        if not known:
            return {}
        cipher = await self._cipher()
        hidden = {one: self._hidden(cipher, one) for one in set(references)}
        return {one: kept for one, kept in hidden.items() if kept in known}

    def _hidden(self, cipher: AESSIV, reference: str) -> str:
        secret = cipher.encrypt(reference.encode(), [self._account.encode()])
        return MARK + urlsafe_b64encode(secret).decode()

    async def _cipher(self) -> AESSIV:
        subject = derived_id("references", self._account)
        return AESSIV(await self._keys.make(self._owner, subject))


class Discreet:
    """A bureau as it is spoken of: by references that tell nobody a person's number."""

    def __init__(self, bureau: Bureau, hiding: Hiding) -> None:
        self._bureau = bureau
        self._hiding = hiding
        self.name = bureau.name
        self.countries = bureau.countries
        self.can = bureau.can

    async def find(self, country: str, number: str) -> str | None:
        """Return the bureau's own reference; whoever keeps it hides it where it is a person's."""
        return await self._bureau.find(country, number)

    async def report(self, subject: Subject, purpose: str) -> Report:
        """Buy a report."""
        reference = await self._hiding.shown(subject.reference)
        return await self._bureau.report(replace(subject, reference=reference), purpose)

    async def open_portfolio(self, name: str) -> str:
        """Return the portfolio of this name."""
        return await self._bureau.open_portfolio(name)

    async def watch(self, portfolio: str, reference: str, ours: str) -> bool:
        """Put a company into a portfolio."""
        return await self._bureau.watch(portfolio, await self._hiding.shown(reference), ours)

    async def unwatch(self, portfolio: str, reference: str) -> None:
        """Take a company out of a portfolio."""
        await self._bureau.unwatch(portfolio, await self._hiding.shown(reference))

    async def entry(self, portfolio: str, reference: str) -> Entry | None:
        """Return a company as the portfolio has it now."""
        entry = await self._bureau.entry(portfolio, await self._hiding.shown(reference))
        return replace(entry, reference=reference) if entry else None

    async def listed(self, portfolio: str) -> Sequence[Member] | None:
        """Return everybody in a portfolio."""
        members = await self._bureau.listed(portfolio)
        if members is None:
            return None
        kept = await self._hiding.as_kept(member.reference for member in members)
        return [replace(one, reference=kept.get(one.reference, one.reference)) for one in members]

    async def notices(self, reading: Reading) -> Batch:
        """Return all that was published and is new."""
        batch = await self._bureau.notices(reading)
        told = [one.reference for one in batch.notices] + [one.reference for one in batch.moved]
        if not told or not (kept := await self._hiding.as_kept(told)):
            return batch
        moved = [
            replace(
                one,
                reference=kept[one.reference],
                successor=await self._hiding.hidden(one.successor),
            )
            if one.reference in kept
            else one
            for one in batch.moved
        ]
        notices = [
            replace(one, reference=kept.get(one.reference, one.reference)) for one in batch.notices
        ]
        return replace(batch, notices=notices, moved=moved)

    def part(self, fact: Fact, text: str, country: str) -> Part:
        """Return what a notification's value means for a rating."""
        return self._bureau.part(fact, text, country)
