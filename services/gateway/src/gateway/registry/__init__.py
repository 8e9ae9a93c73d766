"""The company registries, as far as they concern the tenant's own companies."""
