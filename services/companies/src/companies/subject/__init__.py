"""A person whose texts are sealed, and who may be erased."""
