"""Whom a tenant wants rated and watched, and what is to be done next because of it."""
