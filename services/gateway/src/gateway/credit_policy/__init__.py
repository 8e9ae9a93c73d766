"""Whom a tenant rates and watches by itself, what that may cost, and what it has cost."""
