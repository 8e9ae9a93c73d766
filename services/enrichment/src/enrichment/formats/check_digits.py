"""Whether a number of a file can be one: its last digit follows from the others.

`python-stdnum` says the same, for one number somebody typed; here there are millions.
"""

from operator import mul

_TWICE = str.maketrans("0123456789", "0246813579")
_WEIGHTS = (3, 2, 7, 6, 5, 4, 3, 2, 1)


def swedish(number: str) -> bool:
    """Check ten digits (Luhn)."""
    return (sum(map(int, number[::2].translate(_TWICE))) + sum(map(int, number[1::2]))) % 10 == 0


def norwegian(number: str) -> bool:
    """Check nine digits (modulus 11)."""
    total: int = sum(map(mul, _WEIGHTS, map(int, number)))
    return total % 11 == 0
