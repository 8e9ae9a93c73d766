"""The type-ahead beside its floor and its peers, on the same companies."""
