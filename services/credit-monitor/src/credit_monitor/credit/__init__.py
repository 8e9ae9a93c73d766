"""A company's credit: what is known of it, what is decided, and how changes are told."""
