"""The colour and the marker of each scheme, by its place in the comparison, the same wherever it is shown."""

COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000", "#7A5C00")
"""Okabe and Ito's palette for every kind of colour vision; its yellow, too pale on white, is a brown here."""

SCREEN = ("#0072B2", "#D55E00", "#009E73", "#C46C9C", "#BF8400", "#3D9BD1")
"""The same hues for a page in light or dark: each has a contrast of 3 or more to white and to near-black."""

DASHES = ("solid", "dashed", "dotted", "dotdash", "dashdot", "longdash")
"""How the line of each is broken."""

MARKERS = ("o", "^", "s", "D", "v", "P", "X", "<", "p", ">", "h")
"""Matplotlib's names of the markers; 8 colours and 11 markers tell 88 schemes apart."""

GLYPHS = ("●", "▲", "■", "◆", "▼", "✚", "✖", "◀", "⬟", "▶", "⬢")
"""The same markers as text."""


def colour(place: int) -> str:
    """The colour of the scheme at that place."""
    return COLOURS[place % len(COLOURS)]


def marker(place: int) -> str:
    """Its marker, for matplotlib."""
    return MARKERS[place % len(MARKERS)]


def glyph(place: int) -> str:
    """Its marker, as text."""
    return GLYPHS[place % len(GLYPHS)]
