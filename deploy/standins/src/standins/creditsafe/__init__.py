"""A stand-in for the credit bureau Creditsafe: Connect's wire format, with knobs to misbehave."""
