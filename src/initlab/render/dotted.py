"""Names in a narrow column: broken behind a dot, not within a word."""

import re
from collections.abc import Iterator

from rich.console import Console, ConsoleOptions
from rich.measure import Measurement
from rich.text import Text

_ENDS = re.compile(r"(?<=[.,])|(?=\[)")


class Dotted:
    """Text whose long words are broken behind a dot or comma, or before a bracket, where they do not fit."""

    def __init__(self, text: Text) -> None:
        self.text = text

    def __rich_measure__(self, console: Console, options: ConsoleOptions) -> Measurement:
        """As narrow as its longest step, as wide as its longest line."""
        longest = max(len(step) for word in self.text.plain.split() for step in _ENDS.split(word))
        return Measurement(longest, Measurement.get(console, options, self.text).maximum)

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> Iterator[Text]:
        """The text in lines that fit."""
        yield broken(self.text, options.max_width)


def broken(text: Text, width: int) -> Text:
    """A text with a new line wherever a word longer than the width can be broken.

    >>> broken(Text("transformer.h.0-1.attn.c_attn.weight[key]"), 24).plain.splitlines()
    ['transformer.h.0-1.attn.', 'c_attn.weight[key]']
    """
    places = []
    for word in re.finditer(r"\S+", text.plain):
        start = word.start()
        while word.end() - start > width:
            fits = [end.start() for end in _ENDS.finditer(text.plain, start + 1, word.end())]
            fits = [end for end in fits if end <= start + width]
            if not fits:
                break
            start = fits[-1]
            places.append(start)
    return Text("\n", overflow="fold").join(text.divide(places))
