"""What a checker finds amiss, each under the name of its invariant."""

from dataclasses import dataclass

SHOWN_MAX = 20
LOST = "lost"
DOUBLED = "doubled"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is not as it must be: which invariant, what, and where."""

    invariant: str
    what: str
    where: str


@dataclass(frozen=True, slots=True)
class Report:
    """What a check came to."""

    acknowledged: int
    findings: tuple[Finding, ...]

    def count(self, what: str) -> int:
        """Return how many findings there are of a kind."""
        return sum(finding.what == what for finding in self.findings)

    @property
    def red(self) -> frozenset[str]:
        """Return the invariants that do not hold."""
        return frozenset(finding.invariant for finding in self.findings)

    def __str__(self) -> str:
        lines = [f"{f.invariant} {f.what}: {f.where}" for f in self.findings[:SHOWN_MAX]]
        return "\n".join([f"{len(self.findings)} findings", *lines])
