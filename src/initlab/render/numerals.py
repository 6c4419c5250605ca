"""Numbers as people read them: three digits, powers of ten, symbols for what is not finite."""

import math


def percent(share: float) -> str:
    """A share in per cent, to one decimal."""
    return "n/a" if math.isnan(share) else f"{100 * share:.1f} %".replace(".0 %", " %")


def number(value: float) -> str:
    """A number in three digits; one that is not finite by its symbol.

    >>> number(0.69314), number(-1.5e-9), number(float("inf"))
    ('0.693', '−1.5×10⁻⁹', '∞')
    """
    if 999.5 <= abs(value) < 99_999.5:
        return f"{value:.0f}".replace("-", "−")
    digits, _, decades = f"{value:.3g}".partition("e")
    digits = digits.replace("nan", "NaN").replace("inf", "∞").replace("-", "−")
    return f"{digits}×{exponent(int(decades))}" if decades else digits


def exponent(decades: int) -> str:
    """A power of ten, as 10⁻³."""
    return "10" + str(decades).translate(str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹"))
