"""Alerts as people see them, acknowledge them and choose to hear of them."""
