"""The command line: what was asked for is brought, and no more."""

from importlib.metadata import entry_points

import pytest
import typer
from typer.testing import CliRunner

from chassis.cli import commands

OWN = sorted(entry_points(group="kundvakt.commands").names)


def words(app: typer.Typer) -> set[str]:
    """Return the first words of the commands of an app."""
    return {str(group.name) for group in app.registered_groups}


@pytest.mark.parametrize("word", OWN)
def test_a_services_own_commands_come_without_those_of_others(word: str) -> None:
    assert words(commands(word)) == {word}
    assert CliRunner().invoke(commands(word), [word, "--help"]).exit_code == 0


@pytest.mark.parametrize("word", ["", "--help", "migrate", "nonsense"])
def test_whatever_else_is_asked_all_commands_are_there(word: str) -> None:
    assert words(commands(word)) >= set(OWN)
    listed = CliRunner().invoke(commands(word), ["--help"]).output
    assert {"migrate", "rebuild", "parked", *OWN} <= set(listed.split())
