"""The tenant's users."""
