"""The customer card: all that is known of one company."""
