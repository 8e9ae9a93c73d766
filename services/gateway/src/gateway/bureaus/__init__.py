"""A tenant's credit bureau, as people choose it and see how things stand there."""
