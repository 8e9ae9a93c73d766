"""A stand-in for TIC: the LENS API's wire format, with knobs to misbehave."""
