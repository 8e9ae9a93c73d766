"""A registry that never was: Swedish and Norwegian companies from a seed, in the true formats."""
