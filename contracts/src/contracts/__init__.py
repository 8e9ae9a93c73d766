"""What is said between the services: commands ask, events tell, queries look up."""
