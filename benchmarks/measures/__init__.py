"""One file a measure: what is measured, what stands beside it, and what is aimed at."""
