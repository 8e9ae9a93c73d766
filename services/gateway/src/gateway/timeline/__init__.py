"""What happened to a company: who, what and why."""
