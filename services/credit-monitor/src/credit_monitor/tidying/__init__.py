"""What is let go in its time: what is known of persons, raw answers, portfolios left."""
