"""What operators see of bureaus, and do about them."""
