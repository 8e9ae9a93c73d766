"""Numbered SQL: for every service, for those with events or an intake, for the keys."""
