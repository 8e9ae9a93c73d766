"""Why Kundvakt cannot run here: said to a person, in words that help."""


class CannotRunError(RuntimeError):
    """Something that the person at the terminal can change."""
