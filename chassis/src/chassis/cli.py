"""`kundvakt`: what operators do with an installation."""

import sys
from importlib.metadata import entry_points

import typer

from chassis import logs
from chassis.operator import MigrationFailed, NotRunning


def commands(word: str = "") -> typer.Typer:
    """Return the commands that begin with a word, where a service has such; otherwise all."""
    app = typer.Typer(
        no_args_is_help=True, add_completion=False, help="Operate an installation of Kundvakt."
    )
    services = entry_points(group="kundvakt.commands")
    if word not in services.names:
        # It brings all that a service runs on, which takes longer than most commands do.
        from chassis.commands import app as common  # noqa: PLC0415

        app.add_typer(common)
    for entry in services.select(name=word) or services:
        app.add_typer(entry.load(), name=entry.name)
    return app


def main() -> None:
    """Run the command line, with what the installed services add to it."""
    logs.configure("columns", "WARNING")
    try:
        commands(*sys.argv[1:2])()
    except (NotRunning, MigrationFailed) as error:
        typer.echo(str(error), err=True)
        raise SystemExit(1) from None


if __name__ == "__main__":
    main()
