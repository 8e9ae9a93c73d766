"""Faults that a registry's own answers have; those of every HTTP service are the bureau's too."""

from standins.creditsafe.faults import present, strike
from standins.store import Store


def strikes(store: Store, path: str, fault: str) -> bool:
    """Say whether this very answer is to have a fault, and count it."""
    return present(store).fail == fault and strike(store, path) is not None
