"""The how-tos' code blocks are run as tests."""

from sybil import Sybil
from sybil.parsers.markdown import PythonCodeBlockParser

from support.sharing import pytest_xdist_make_scheduler

__all__ = ["pytest_xdist_make_scheduler"]

pytest_collect_file = Sybil(parsers=[PythonCodeBlockParser()], patterns=["*.md"]).pytest()
