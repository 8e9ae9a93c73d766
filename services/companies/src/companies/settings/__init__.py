"""A tenant's own ways of working."""
