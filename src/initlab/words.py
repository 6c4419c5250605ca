"""Lists in words."""

from collections.abc import Sequence


def listed(words: Sequence[str]) -> str:
    """Words in a row, the last after an "and".

    >>> listed(["a"]), listed(["a", "b", "c"])
    ('a', 'a, b and c')
    """
    return " and ".join(filter(None, (", ".join(words[:-1]), *words[-1:])))
