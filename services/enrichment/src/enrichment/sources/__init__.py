"""The registries as they answer now: one port, one module a source."""
