"""What the bureau watches, held against what it should, every night."""
