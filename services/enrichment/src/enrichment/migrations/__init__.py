"""The tables that hold what the registries publish, as numbered SQL."""
