"""A person who uses the system."""
