"""What a spread that is wrong by a recognisable factor says of the mistake behind it."""

import math
from collections.abc import Iterator

from initlab.laws import Law
from initlab.parameters import RESIDUAL_OUTPUTS, Parameter

NEAREST = 0.002
"""How near a factor must come at least, as a share of it; further by four standard errors where those are larger."""

TELLING = 0.025
"""A spread that is known no better than this recognises nothing."""


def recognised(parameter: Parameter, law: Law, factor: float, error: float) -> str | None:
    """The mistake that gives this factor between the spread found and that planned; None where none is known.

    >>> from initlab.laws import Normal
    >>> from initlab.parameters import Fan
    >>> query = Parameter(name="q", shape=(64, 64), role="query", fan=Fan.dense(64, 64))
    >>> recognised(query, Normal(std=0.125), 0.7071, 0.001)
    '1/√2 of it, as when queries, keys and values are packed'
    """
    if error > TELLING or not factor > 0:
        return None
    slack = max(NEAREST, 4 * error)
    for value, words in _mistakes(parameter, law):
        if value > 0 and abs(value - 1) > slack and abs(factor / value - 1) <= slack:
            return words
    return None


def _mistakes(parameter: Parameter, law: Law) -> Iterator[tuple[float, str]]:
    """Factors and the mistakes behind them, the more telling first."""
    if parameter.role in RESIDUAL_OUTPUTS:
        yield from _of_branches(parameter)
    if parameter.role in ("query", "key", "value"):
        yield 1 / math.sqrt(2), "1/√2 of it, as when queries, keys and values are packed"
    yield from _of_scales(parameter, law)
    yield from _of_fans(parameter)
    yield 0.8796256610, "0.8796 of it, as when the cut at 2σ is not divided out"
    yield 1 / 0.8796256610, "1/0.8796 of it, as when a cut at 2σ is divided out that was not made"
    yield 0.9865783926, "0.9866 of it, as when the cut at 3σ is not divided out"
    yield 1 / 0.9865783926, "1/0.9866 of it, as when nothing is cut"
    yield 1 / math.sqrt(2), "1/√2 of it, as LeCun's scale beside He's"
    yield math.sqrt(2), "√2 times it, as He's scale beside LeCun's"


def _of_branches(parameter: Parameter) -> Iterator[tuple[float, str]]:
    if parameter.depth is not None:
        depth = parameter.depth
        yield math.sqrt(2 * depth), f"√(2 · {depth}) times it, as when the scaling by depth never ran"
    if parameter.branches is not None:
        count = parameter.branches
        yield math.sqrt(count), f"√{count} times it, as when the scaling by depth never ran"
    if parameter.layer is not None:
        place = parameter.layer + 1
        yield math.sqrt(2 * place), f"√(2 · {place}) times it, as when the scaling by depth never ran"


def _of_scales(parameter: Parameter, law: Law) -> Iterator[tuple[float, str]]:
    """Fixed spreads that are often found where another was planned."""
    if law.std <= 0:
        return
    if parameter.fan is not None:
        yield 1 / math.sqrt(3 * parameter.fan.fan_in) / law.std, "1/√(3 · fan_in), which torch's own layers draw"
    yield 1 / law.std, "1, as when nothing scales it"
    yield 0.02 / law.std, "0.02, the fixed initializer_range"
    yield law.std, "the square of it: a variance where a standard deviation is meant"


def _of_fans(parameter: Parameter) -> Iterator[tuple[float, str]]:
    fan = parameter.fan
    if fan is None:
        return
    yield math.sqrt(fan.fan_in / fan.fan_out), "√(fan_in/fan_out) times it, as when the two fans are swapped"
    plain = [(fan.groups, "groups"), (fan.stride, "the stride"), (fan.taps, "kernel positions")]
    for count, what in plain:
        yield (
            1 / math.sqrt(count),
            f"1/√{count} of it, as when {what} are not counted".replace("stride are", "stride is"),
        )
        yield math.sqrt(count), f"√{count} times it, as when {what} are not counted".replace("stride are", "stride is")
