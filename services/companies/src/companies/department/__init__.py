"""One of the tenant's own departments."""
