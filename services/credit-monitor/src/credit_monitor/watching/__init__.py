"""Who is watched at the bureau, and what it tells of them."""
