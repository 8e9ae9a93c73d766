"""What bureaus have said of a company, and how it was watched, event by event."""
