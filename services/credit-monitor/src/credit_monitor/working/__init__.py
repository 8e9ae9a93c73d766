"""What is done about one company, step by step, by whoever holds its lease."""
