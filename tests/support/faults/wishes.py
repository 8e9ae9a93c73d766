"""What the load asks for: a tenant's companies, users and departments, and the next thing to do."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from random import Random
from typing import Any

from chassis.edge import new_id
from support.faults.ledger import Entry, Intent

CANARY = re.compile(r"canary[0-9a-f]{10}")
RELATIONS = ("customer", "prospect", "supplier-product", "other")
COMPANIES_MAX = 60
"""Of one tenant that are changed: the more, the fewer meet by chance."""
WATCHED_MIN = 2
"""So many stay under watch; the others are put away again."""
RACES = 0.1
"""The share of changes to a company that is just being changed by somebody else."""


@dataclass(slots=True)
class Company:
    """A company as its client knows it."""

    id: str
    version: int
    busy: int = 0
    owners: set[str] = field(default_factory=set)


@dataclass(slots=True)
class Wisher:
    """A tenant's clients, all together; what they write bears the tenant's canary.

    `numbers` are registered companies that may be created, each once; they are rated and watched,
    and put away again later, but for the last few.
    """

    tenant: str
    key: str
    dice: Random
    numbers: Iterator[str] = field(default_factory=lambda: iter(()))
    canary: str = field(default_factory=lambda: f"canary{new_id().hex[-10:]}")
    companies: list[Company] = field(default_factory=list)
    users: list[str] = field(default_factory=list)
    departments: list[str] = field(default_factory=list)
    watched: dict[str, str] = field(default_factory=dict)
    retired: dict[str, str] = field(default_factory=dict)
    """Companies by number whose ratings are watched, and those that were put away again."""

    def next(self) -> Intent:
        """Return the next thing to ask for."""
        first = self._missing()
        if first is not None:
            return first
        makes: dict[Callable[[], Intent], int] = {
            self._create: 30,
            self._describe: 22,
            self._start_relation: 10,
            self._end_relation: 6,
            self._set_address: 10,
            self._add_owner: 7,
            self._archive: 4,
            self._retire: 3,
            self._restore: 5,
            self._add_user: 2,
            self._add_department: 2,
            self._rename_department: 2,
        }
        return self.dice.choices(list(makes), list(makes.values()))[0]()

    def learn(self, entry: Entry) -> None:
        """Take in what came of it."""
        company = self._of(entry.intent)
        if company is not None:
            company.busy -= 1
            version = entry.body.get("etag") or entry.body.get("version")
            if version:
                company.version = max(company.version, int(version))
        if entry.last != "ok":
            return
        for known, name in (
            (self.users, "user_id"),
            (self.departments, "department_id"),
        ):
            if name in entry.body:
                known.append(entry.body[name])
        if "company_id" in entry.body:
            self._met(entry)

    def from_registry(self) -> Intent | None:
        """Create a company of the registry, if there is another number."""
        number = next(self.numbers, None)
        if number is None:
            return None
        body = {
            "registry": {"country": "SE", "organisation_number": number},
            "relations": ["customer"],
        }
        return self._wish("POST", "/companies", body, changes=True)

    def _missing(self) -> Intent | None:
        if not self.users:
            return self._add_user()
        if not self.departments:
            return self._add_department()
        return self._create() if len(self.companies) < 3 else None

    def _met(self, entry: Entry) -> None:
        registry = (entry.intent.body or {}).get("registry")
        if registry:
            self.watched[registry["organisation_number"]] = entry.body["company_id"]
            return
        self.companies.append(Company(entry.body["company_id"], int(entry.body.get("etag") or 1)))
        del self.companies[:-COMPANIES_MAX]

    def _of(self, intent: Intent) -> Company | None:
        return next((c for c in self.companies if f"/companies/{c.id}" in intent.path), None)

    def _pick(self) -> Company:
        free = [company for company in self.companies if not company.busy]
        races = self.dice.random() < RACES
        company = self.dice.choice(self.companies if races or not free else free)
        company.busy += 1
        return company

    def _wish(self, method: str, path: str, body: Any = None, **more: Any) -> Intent:
        return Intent(str(new_id()), self.tenant, method, path, body, **more)

    def _mark(self) -> str:
        return f"mark{new_id().hex[-12:]}"

    def _create(self) -> Intent:
        mark = self._mark()
        body = {
            "name": f"{self.canary} {mark} AB",
            "country": "SE",
            "relations": self.dice.sample(RELATIONS, self.dice.randint(0, 2)),
        }
        return self._wish("POST", "/companies", body, mark=mark, changes=True)

    def _add_user(self) -> Intent:
        mark = self._mark()
        body = {"name": f"{self.canary} {mark}", "email": f"{mark}@a.example", "role": "user"}
        return self._wish("POST", "/users", body, changes=True)

    def _add_department(self) -> Intent:
        mark = self._mark()
        body = {"name": f"{self.canary} {mark}"}
        return self._wish("POST", "/departments", body, mark=mark, changes=True)

    def _rename_department(self) -> Intent:
        mark = self._mark()
        path = f"/departments/{self.dice.choice(self.departments)}"
        return self._wish("PATCH", path, {"name": f"{self.canary} {mark}"}, mark=mark, changes=True)

    def _describe(self) -> Intent:
        company, mark = self._pick(), self._mark()
        return self._wish(
            "PATCH",
            f"/companies/{company.id}",
            {"description": f"{self.canary} {mark}"},
            match=f'"{company.version}"',
            mark=mark,
            changes=True,
        )

    def _set_address(self) -> Intent:
        company, mark = self._pick(), self._mark()
        kind = self.dice.choice(("POSTAL", "VISITING", "INVOICE"))
        body = {"lines": [f"{self.canary} {mark}"], "postal_code": "11122", "city": "Ort"}
        path = f"/companies/{company.id}/addresses/{kind}"
        return self._wish("PUT", path, body, mark=mark, changes=True)

    def _start_relation(self) -> Intent:
        path = f"/companies/{self._pick().id}/relations/{self.dice.choice(RELATIONS)}"
        return self._wish("PUT", path)

    def _end_relation(self) -> Intent:
        path = f"/companies/{self._pick().id}/relations/{self.dice.choice(RELATIONS)}"
        return self._wish("DELETE", path)

    def _add_owner(self) -> Intent:
        return self._wish(
            "PUT", f"/companies/{self._pick().id}/owners/{self.dice.choice(self.users)}"
        )

    def _archive(self) -> Intent:
        return self._wish("POST", f"/companies/{self._pick().id}/archive")

    def _retire(self) -> Intent:
        if len(self.watched) < WATCHED_MIN:
            return self._create()
        number = next(iter(self.watched))
        self.retired[number] = self.watched.pop(number)
        return self._wish("POST", f"/companies/{self.retired[number]}/archive")

    def _restore(self) -> Intent:
        return self._wish("POST", f"/companies/{self._pick().id}/restore")
