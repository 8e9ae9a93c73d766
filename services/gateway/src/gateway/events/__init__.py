"""Events as they pass by, for whoever listens."""
