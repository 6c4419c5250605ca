"""Remedies for a JAX model: the changes as code that a person can paste, and that very code run."""

from collections.abc import Iterable, Mapping
from typing import Any

from initlab.adapters.folded import folded
from initlab.laws import Constant, Law, Orthogonal

Change = tuple[str, Law | None, float]
"""A weight, and the law to draw it from, or the factor to multiply it by."""


def code(changes: Iterable[Change]) -> str:
    """Changes as lines of Python in which `model` and `initlab` are known; empty where there are none.

    >>> print(code([("fc.bias", Constant(value=0.0), 1.0), ("fc.weight", None, 0.5)]))
    model = initlab.jax.draw(model, {"fc.bias": "constant(0.0)"})
    model = initlab.jax.scale(model, {"fc.weight": 0.5})
    """
    drawn: dict[str, str] = {}
    scaled: dict[str, str] = {}
    for name, law, factor in changes:
        if law is None:
            scaled[name] = f"{factor:.4g}"
        else:
            drawn[name] = f'"{_scheme(law)}"'
    return "\n".join(filter(None, (_line("draw", drawn), _line("scale", scaled))))


def _scheme(law: Law) -> str:
    if isinstance(law, Constant):
        return f"constant({law.value})"
    if isinstance(law, Orthogonal):
        return f"orthogonal({law.gain:.4g})"
    return f"normal({law.std:.4g})"


def _line(verb: str, each: Mapping[str, str]) -> str:
    listed = folded(f'"{name}": {value}' for name, value in each.items())
    return f"model = initlab.jax.{verb}(model, {{{listed}}})" if each else ""


def remedied(model: Any, text: str, *, seed: int = 0) -> Any:  # noqa: ANN401, ARG001
    """The model that the code of a remedy makes of one. The model given stays as it is."""
    names: dict[str, Any] = {"model": model}
    exec(f"import initlab.jax\n{text}", names)
    return names["model"]
