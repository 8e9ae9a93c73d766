"""The company registries of the Nordic countries, and GLEIF, standing in on one port."""
