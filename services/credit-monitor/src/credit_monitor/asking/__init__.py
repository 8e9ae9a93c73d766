"""Ratings that somebody asks for: whether they may, and that the money is there."""
