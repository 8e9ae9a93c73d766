"""What follows, by rule, from what happened elsewhere: one sentence a file."""
