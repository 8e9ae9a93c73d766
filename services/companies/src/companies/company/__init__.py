"""A company: who it is, what it is to the tenant, and who looks after it."""
