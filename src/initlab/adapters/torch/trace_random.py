"""Noise that a model adds in train mode, taken away where it is understood: a mask that multiplies, by its mean.

Dropout of torch is passed by. Dropout and stochastic depth that are written out draw a mask m, of probability k to
keep, and multiply by m/k, whose mean is 1:

    x * x.new_empty(n).bernoulli_(k) / k      x / k * (k + torch.rand(n)).floor()      x * (torch.rand(n) < k) / k

or fill with 0 where a mask says so (masked_fill, where, x[mask] = 0), which multiplies by its mean as well. A mask is
known by its mean from where it is drawn to where it multiplies a signal; there the mean multiplies instead.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple

import torch

from initlab.adapters.torch.trace_functions import DROPOUTS, VIEWS

RANDOM = frozenset(
    (
        "rand", "rand_like", "uniform", "bernoulli", "randn", "randn_like", "randint", "randint_like", "randperm",
        "normal", "multinomial", "exponential", "poisson", "cauchy", "geometric", "log_normal", "fractional_max_pool2d",
    )
)  # fmt: skip
"""Functions that draw."""

PLACES = {"scaled_dot_product_attention": 4, "multi_head_attention_forward": 10, "rrelu": 3}
"""Functions that drop out or draw slopes, and the place of the argument that says so."""

BELOW = ("lt", "le", "less", "less_equal")
ABOVE = ("gt", "ge", "greater", "greater_equal")


class Drawn(NamedTuple):
    """What is known of what was drawn: u + `value`, of uniform u, or a mask of mean `value`; and by which draw."""

    uniform: bool
    value: float
    draw: int


class Noise:
    """The noise of one pass. `met` says whether there was anything to take away."""

    def __init__(self) -> None:
        self.met = False
        self._draws = 0
        self._left: dict[int, str] = {}

    @property
    def left(self) -> tuple[str, ...]:
        """The functions whose draws went into the pass as they are."""
        return tuple(sorted(set(self._left.values())))

    def bypassed(self, name: str, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Any | None:  # noqa: ANN401
        """What dropout was fed, in place of calling it; None for other functions."""
        if name not in DROPOUTS:
            return None
        self.met |= bool(kwargs.get("p", args[1] if len(args) > 1 else 0.5))
        return args[0] if args else kwargs["input"]

    def kept(self, name: str, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> tuple[Any, float] | None:
        """A signal and the share of it that a function keeps which fills with 0 by a mask; None for other functions."""
        if kwargs or len(args) != 3 or name not in ("masked_fill", "where", "setitem"):
            return None
        mask, signal, rest, share = _drawn(args[0 if name == "where" else 1]), *args[:1], args[2], None
        if mask is None or mask.uniform or not 0 <= mask.value <= 1:
            return None
        if name == "where":
            signal, rest, share = (args[1], args[2], mask.value) if _zero(args[2]) else (args[2], args[1], None)
        whole = isinstance(signal, torch.Tensor) and signal.is_floating_point()
        shapes = [each.shape for each in args if isinstance(each, torch.Tensor)]
        if not whole or not _zero(rest) or torch.broadcast_shapes(*shapes) != signal.shape:
            return None
        self.met = True
        self._left.pop(mask.draw, None)
        return signal, 1 - mask.value if share is None else share

    def quiet(self, name: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[tuple[Any, ...], dict[str, Any]]:
        """The arguments of a function that would drop out, draw slopes, or multiply by a mask, so that it does not."""
        if name == "mul" and len(args) == 2:
            return self._by_the_mean(args), kwargs
        place = PLACES.get(name)
        if place is None:
            return args, kwargs
        key, value = ("training", False) if name == "rrelu" else ("dropout_p", 0.0)
        self.met |= bool(args[place] if len(args) > place else kwargs.get(key))
        args = (*args[:place], value, *args[place + 1 :]) if len(args) > place else args
        return args, {**kwargs, key: value} if key in kwargs else kwargs

    def _by_the_mean(self, args: tuple[Any, ...]) -> tuple[Any, ...]:
        one, two = map(_drawn, args)
        mask, signal = (one, args[1]) if one is not None else (two, args[0])
        if mask is None or mask.uniform or (one and two) or not isinstance(signal, torch.Tensor):
            return args
        if torch.broadcast_shapes(args[0].shape, args[1].shape) != signal.shape or not signal.is_floating_point():
            return args
        self.met = True
        self._left.pop(mask.draw, None)
        return signal, mask.value

    def followed(self, name: str, args: tuple[Any, ...], kwargs: Mapping[str, Any], result: Any) -> Any:  # noqa: ANN401
        """The result of a function, with what is known of it where it was drawn, or made of what was."""
        if name in RANDOM:
            known = self._new(name, args, kwargs)
        else:
            before = _drawn(args[0]) if args else None
            known = None if before is None else _next(name, args[1:], before)
        if isinstance(result, torch.Tensor) and (known is not None or _drawn(result) is not None):
            result._initlab_drawn = known
        return result

    def _new(self, name: str, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Drawn | None:
        self._draws += 1
        draw = self._draws
        self._left[draw] = name
        if name == "bernoulli":
            keep = _probability(args, kwargs)
            return None if keep is None else Drawn(uniform=False, value=keep, draw=draw)
        plain = name in ("rand", "rand_like") or (name == "uniform" and len(args) == 1 and not kwargs)
        return Drawn(uniform=True, value=0.0, draw=draw) if plain else None


def _zero(value: Any) -> bool:  # noqa: ANN401
    if isinstance(value, torch.Tensor):
        return not value.requires_grad and not value.any()
    return isinstance(value, int | float) and value == 0


def _drawn(value: Any) -> Drawn | None:  # noqa: ANN401
    return getattr(value, "_initlab_drawn", None)


def _next(name: str, rest: tuple[Any, ...], before: Drawn) -> Drawn | None:
    """What is known of the result of a function of what was drawn, and of numbers."""
    uniform, value, draw = before
    number = rest[0] if rest and isinstance(rest[0], int | float) else None
    if name in VIEWS or (name == "bool" and not uniform and value < 1):
        return before
    if uniform and name == "floor" and 0 <= value <= 1:
        return Drawn(uniform=False, value=value, draw=draw)
    if not uniform and name in ("bitwise_not", "logical_not", "invert"):
        return before._replace(value=1 - value)
    if number is None:
        return None
    if uniform and name in (*BELOW, *ABOVE):
        below = min(1.0, max(0.0, number - value))
        return Drawn(uniform=False, value=below if name in BELOW else 1 - below, draw=draw)
    if uniform and name in ("add", "sub"):
        return before._replace(value=value + (number if name == "add" else -number))
    if not uniform and name in ("mul", "div", "true_divide", "rsub"):
        return before._replace(
            value=number - value if name == "rsub" else value * number if name == "mul" else value / number
        )
    return None


def _probability(args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> float | None:
    """The one probability of a mask; None where it depends on the data."""
    given = args[1] if len(args) > 1 else kwargs.get("p", args[0] if args else kwargs.get("input"))
    if isinstance(given, torch.Tensor):
        low, high = (None, None) if given.requires_grad or not given.numel() else given.aminmax()
        given = None if low is None or low != high else float(low)
    return None if given is None else float(given)
