"""A tenant's credit bureau: chosen, told to all its companies, and shown."""
