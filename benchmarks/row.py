"""A line of the table, and the table as people read it: in a terminal and in the docs."""

from collections.abc import Sequence
from dataclasses import dataclass

HEADINGS = ("measure", "ours", "beside it", "ratio", "aim", "")


@dataclass(frozen=True, slots=True)
class Row:
    """What was measured, and what stands beside it; `met` is absent where nothing is aimed at.

    `why` is said where the aim is missed; `broken` is a measure that could not be taken.
    """

    measure: str
    ours: str
    beside: str = "-"
    ratio: str = "-"
    aim: str = "stated"
    met: bool | None = None
    why: str = ""
    broken: bool = False

    def cells(self) -> tuple[str, ...]:
        """Return what stands in the columns."""
        verdict = "" if self.met is None else "met" if self.met else "MISSED"
        return (self.measure, self.ours, self.beside, self.ratio, self.aim, verdict)


def failed(name: str, error: BaseException) -> Row:
    """Return the line of a measure that could not be taken."""
    what = f"{type(error).__name__}: {error}".replace("\n", " ")
    return Row(name, "could not be measured", met=False, why=what, broken=True)


def missed(rows: Sequence[Row]) -> list[Row]:
    """Return the lines whose aim is missed."""
    return [row for row in rows if row.met is False]


def for_terminal(rows: Sequence[Row]) -> str:
    """Return the table in columns."""
    table = [HEADINGS, *(row.cells() for row in rows)]
    widths = [max(len(line[column]) for line in table) for column in range(len(HEADINGS))]
    lines = ["  ".join(map(str.ljust, line, widths)).rstrip() for line in table]
    lines.insert(1, "  ".join("─" * width for width in widths))
    return "\n".join([*lines, *(f"missed, {row.measure}: {row.why}" for row in missed(rows))])


def for_docs(rows: Sequence[Row]) -> str:
    """Return the table in Markdown, and below it why an aim is missed."""
    table = [HEADINGS, ("---",) * len(HEADINGS), *(row.cells() for row in rows)]
    lines = ["| " + " | ".join(line) + " |" for line in table]
    reasons = [f"- **{row.measure}**: {row.why}" for row in missed(rows)]
    if reasons:
        lines += ["", "## Where an aim is missed, and why", "", *reasons]
    return "\n".join(lines)
