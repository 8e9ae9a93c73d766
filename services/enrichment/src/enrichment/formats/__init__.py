"""The registries' own files, read row by row: what is broken is skipped and counted."""
