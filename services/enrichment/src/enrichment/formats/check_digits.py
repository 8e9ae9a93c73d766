"""Whether a number of a file can be one: its last digit follows from the others.

`python-stdnum` says the same, for one number somebody typed; here there are millions. Digits are
added as the bytes they are written with: what these have too much, 48 for each time a digit
counts, is nothing modulo 10 for ten digits and modulo 11 for these weights.
"""

from operator import mul

_TWICE = str.maketrans("0123456789", "0246813579")
_WEIGHTS = (3, 2, 7, 6, 5, 4, 3, 2, 1)


def swedish(number: str) -> bool:
    """Check ten digits (Luhn)."""
    return sum((number[::2].translate(_TWICE) + number[1::2]).encode()) % 10 == 0


def norwegian(number: str) -> bool:
    """Check nine digits (modulus 11)."""
    total: int = sum(map(mul, _WEIGHTS, number.encode()))
    return total % 11 == 0
