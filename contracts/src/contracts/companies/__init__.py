"""What is said about companies and the people and departments that look after them."""
