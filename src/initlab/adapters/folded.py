"""The items of a list, a tuple or a dict as Python: on one line where they fit, else on lines of their own."""

import textwrap
from collections.abc import Iterable

WIDTH = 80


def folded(items: Iterable[str]) -> str:
    """Items, separated by commas, to stand between brackets.

    >>> folded(["1", "2"])
    '1, 2'
    """
    listed = ", ".join(items)
    if len(listed) <= WIDTH:
        return listed
    lines = textwrap.wrap(listed, WIDTH, break_long_words=False, break_on_hyphens=False)
    return "\n" + textwrap.indent("\n".join(lines), "    ") + ",\n"
