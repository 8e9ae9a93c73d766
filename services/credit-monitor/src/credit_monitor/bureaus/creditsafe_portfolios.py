"""Creditsafe Connect's portfolios: who is watched there, by which rules."""

from collections.abc import Sequence
from zoneinfo import ZoneInfo

import structlog

from chassis.edge import now
from credit_monitor.bureaus import creditsafe_values as values
from credit_monitor.bureaus import creditsafe_wire as wire
from credit_monitor.bureaus.connect import Connect
from credit_monitor.bureaus.port import Entry, Garbled, Member, Unavailable
from credit_monitor.bureaus.reading import read

log = structlog.get_logger()

PAGE_SIZE = 1000
"""The most the bureau gives at once."""
PAGES_MAX = 200
"""A night on which every company is rated anew, twice over; more is a mistake."""
OK, FORBIDDEN, NOT_FOUND, CONFLICT = 200, 403, 404, 409
GLOBAL = "XX"
RULE_SETTINGS = {
    101: {"param0": "", "param1": "Any", "param2": "true"},
}
"""Rule 101 can be narrowed to falls below a band; we want every change."""
RULES_OF_RATINGS = ("rating", "limit", "score")
"""Which of a country's own rules we switch on, by their names."""


class Portfolios:
    """The portfolios of one account."""

    countries = frozenset(values.CURRENCIES)

    def __init__(self, connect: Connect, timezone: str) -> None:
        self._connect = connect
        self._zone = ZoneInfo(timezone)

    async def open_portfolio(self, name: str) -> str:
        """Return the portfolio of this name, made if there was none, its rules switched on."""
        portfolio = await self._find_portfolio(name)
        if portfolio is None:
            # Asked again after a lost answer it would be made twice: names are not unique.
            status, said = await self._connect.call(
                "portfolio-create",
                "POST",
                "monitoring/portfolios",
                once=True,
                json={"name": name, "isDefault": False, "emails": [], "emailLanguage": "en"},
            )
            expect(status, "portfolio-create")
            made: wire.Portfolio = read(wire.Portfolio, said)
            portfolio = made.id
            log.info("portfolio opened", portfolio=name)
        for country in (GLOBAL, *sorted(self.countries)):
            await self._switch_rules_on(portfolio, country)
        return portfolio

    async def _find_portfolio(self, name: str) -> str | None:
        for page in range(PAGES_MAX):
            asked = {"page": page, "pageSize": PAGE_SIZE}
            status, said = await self._connect.call(
                "portfolio-list", "GET", "monitoring/portfolios", params=asked
            )
            expect(status, "portfolio-list")
            listed: wire.Portfolios = read(wire.Portfolios, said)
            for portfolio in listed.data.portfolios:
                if portfolio.name == name:
                    return portfolio.id
            if listed.paging.next is None:
                return None
        raise Garbled("portfolio-list: it does not end")

    async def _switch_rules_on(self, portfolio: str, country: str) -> None:
        """Switch on what tells of ratings: in a new portfolio every rule is off."""
        path = f"monitoring/eventRules/{country}"
        status, said = await self._connect.call("rules-list", "GET", path)
        expect(status, "rules-list")
        rules: list[wire.Rule] = read(list[wire.Rule], said)
        wanted = [rule for rule in rules if _is_of_ratings(rule)]
        path = f"monitoring/portfolios/{portfolio}/eventRules/{country}"
        body = [
            {"ruleCode": rule.code, "isActive": 1, **RULE_SETTINGS.get(rule.code, {})}
            for rule in wanted
        ]
        status, _ = await self._connect.call("rules-set", "PUT", path, json=body)
        expect(status, "rules-set")

    async def watch(self, portfolio: str, reference: str, ours: str) -> bool:
        """Put a company into a portfolio; being there already is as good."""
        status, _ = await self._connect.call(
            "portfolio-add",
            "POST",
            f"monitoring/portfolios/{portfolio}/companies",
            json={"id": reference, "personalReference": ours, "freeText": "", "personalLimit": ""},
        )
        if status not in {OK, CONFLICT, NOT_FOUND}:
            raise Unavailable(f"portfolio-add: {status}")
        return status != NOT_FOUND

    async def unwatch(self, portfolio: str, reference: str) -> None:
        """Take a company out of a portfolio; not being there is as good."""
        path = f"monitoring/portfolios/{portfolio}/companies/{reference}"
        status, _ = await self._connect.call("portfolio-remove", "DELETE", path)
        if status == FORBIDDEN:
            raise Unavailable(f"portfolio-remove: {status}")

    async def entry(self, portfolio: str, reference: str) -> Entry | None:
        """Return a company as the portfolio has it now, at no cost."""
        status, said = await self._connect.call(
            "portfolio-entry",
            "GET",
            f"monitoring/portfolios/{portfolio}/companies",
            params={"searchQuery": reference, "page": 0, "pageSize": PAGE_SIZE},
        )
        if status == NOT_FOUND:
            return None
        expect(status, "portfolio-entry")
        members: wire.Members = read(wire.Members, said)
        for member in members.data:
            if member.id == reference:
                return Entry(reference, member.told(), values.naive(now(), self._zone))
        return None

    async def listed(self, portfolio: str) -> Sequence[Member] | None:
        """Return everybody in a portfolio, at no cost; nothing when there is no such portfolio.

        A list that is shorter than it says it is would have us put back who is there.
        """
        members: dict[str, Member] = {}
        for page in range(PAGES_MAX):
            status, said = await self._connect.call(
                "portfolio-export",
                "GET",
                f"monitoring/portfolios/{portfolio}/companies",
                params={"page": page, "pageSize": PAGE_SIZE},
            )
            if status == NOT_FOUND:
                return None
            expect(status, "portfolio-export")
            answer: wire.Members = read(wire.Members, said)
            for one in answer.data:
                members[one.id] = Member(one.id, one.personal_reference or "", one.told())
            if answer.paging.next is None:
                break
        else:
            raise Garbled("portfolio-export: it does not end")
        if len(members) < (answer.total_count or 0):
            raise Garbled("portfolio-export: some are missing")
        return list(members.values())


def _is_of_ratings(rule: wire.Rule) -> bool:
    return any(word in rule.name.lower() for word in RULES_OF_RATINGS)


def expect(status: int, call: str) -> None:
    """Take a refusal where there should be none for a passing one."""
    if status not in {OK, 204}:
        raise Unavailable(f"{call}: {status}")
