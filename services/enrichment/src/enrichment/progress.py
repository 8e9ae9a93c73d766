"""How far a load has come, as bars in the operator's terminal; elsewhere, a line for each."""

import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

import typer

from enrichment.under_way import Telling

LABEL_WIDTH = 24


@contextmanager
def shown(files: Sequence[Path]) -> Iterator[Telling]:
    """Show a load of these files: first how much of them is read, then which step is done."""
    size = sum(path.stat().st_size for path in files)
    with ExitStack() as stack:
        reading = stack.enter_context(
            typer.progressbar(length=size, label="files read".ljust(LABEL_WIDTH), file=sys.stderr)
        )

        def step(name: str, done: int, steps: int) -> None:
            if not reading.finished:
                reading.update(size)
                reading.render_finish()
            filled = "#" * (24 * done // steps)
            end = "\n" if done == steps or not sys.stderr.isatty() else ""
            line = f"\r{name.ljust(LABEL_WIDTH)}  [{filled.ljust(24, '-')}]  {done}/{steps}"
            typer.echo(line if sys.stderr.isatty() else name, nl=bool(end), err=True)

        yield Telling(reading.update, step)
