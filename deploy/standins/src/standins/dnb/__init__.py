"""A stand-in for Dun & Bradstreet: Direct+'s wire format, with knobs to misbehave."""
