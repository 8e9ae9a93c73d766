"""The tenant's own departments."""
