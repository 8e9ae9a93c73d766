"""What services stand on: it knows no business word."""
