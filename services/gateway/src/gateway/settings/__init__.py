"""A tenant's own ways of working, as people see and change them."""
