"""One function for every scheme of the catalogue, in the manner of `torch.nn.init`."""

import inspect
import math
from collections.abc import Callable
from functools import cache
from typing import Any

import torch

from initlab.errors import SpecError, UnknownNameError
from initlab.parameters import Fan, Gate, Parameter, Role
from initlab.schemes import SCHEMES, Scheme
from initlab.streams.torch import fill_

_FACTS: dict[str, Any] = {
    "role": Role,
    "layer": int | None,
    "depth": int | None,
    "width": int | None,
    "gate": Gate | None,
}


@cache
def function_of(scheme: str) -> Callable[..., torch.Tensor]:
    """The function that fills a tensor by a scheme; its signature and documentation are the scheme's.

    >>> he_normal_ = function_of("he_normal")
    >>> weight = he_normal_(torch.empty(200, 50), seed=0, name="fc.weight")
    >>> round(weight.std().item(), 2)
    0.2
    >>> list(inspect.signature(he_normal_).parameters)
    ['tensor', 'seed', 'name', 'fan', 'gain', 'slope', 'mode']
    """
    entry = SCHEMES[scheme]
    signature = _signature(entry)

    def fill(tensor: torch.Tensor, **given: Any) -> torch.Tensor:  # noqa: ANN401
        unknown = given.keys() - signature.parameters.keys()
        if unknown:
            raise UnknownNameError(f"argument of {entry.name}_:", min(unknown), signature.parameters)
        for needed in ("seed", "name"):
            if needed not in given:
                raise SpecError(f"The {needed} of {entry.name}_ must be given, got nothing. It decides the numbers.")
        return fill_(tensor, _law(entry, tensor, given), name=given["name"], seed=given["seed"])

    fill.__name__ = fill.__qualname__ = f"{entry.name}_"
    fill.__doc__ = _documentation(entry)
    fill.__signature__ = signature  # type: ignore[attr-defined]
    return fill


def _law(entry: Scheme, tensor: torch.Tensor, given: dict[str, Any]) -> Any:  # noqa: ANN401
    facts = {name: given[name] for name in _FACTS if name in given}
    options = {name: value for name, value in given.items() if name in entry.kinds}
    fan = given.get("fan") or (fan_of(tensor, entry) if entry.needs_fan else None)
    return entry.law(Parameter(name=given["name"], shape=tuple(tensor.shape), fan=fan, **facts), options)


def fan_of(tensor: torch.Tensor, entry: Scheme) -> Fan:
    """The fan of a tensor held as (out, in, *taps), which is how torch holds all but transposed convolutions."""
    if tensor.ndim < 2:
        raise SpecError(
            f"The tensor of {entry.name}_ must have at least 2 axes, got {tensor.ndim}. Give fan=Fan.dense(in, out)."
        )
    outputs, inputs, *taps = tensor.shape
    return Fan(inputs=inputs, outputs=outputs, taps=math.prod(taps))


def _signature(entry: Scheme) -> inspect.Signature:
    keyword, empty = inspect.Parameter.KEYWORD_ONLY, inspect.Parameter.empty
    needed = [("seed", int, empty), ("name", str, empty), ("fan", Fan | None, None)]
    facts = [(name, _FACTS[name], "weight" if name == "role" else None) for name in entry.extras]
    options = [(name, kind.type, kind.default) for name, kind in entry.kinds.items()]
    keywords = [
        inspect.Parameter(name, keyword, annotation=kind, default=default)
        for name, kind, default in (*needed, *facts, *options)
    ]
    tensor = inspect.Parameter("tensor", inspect.Parameter.POSITIONAL_OR_KEYWORD, annotation=torch.Tensor)
    return inspect.Signature([tensor, *keywords], return_annotation=torch.Tensor)


def _documentation(entry: Scheme) -> str:
    said = entry.documentation
    formula, references = said.sections.get("Formula", ""), said.sections.get("References", "")
    return (
        f"{said.summary}\n\n"
        "Fills the tensor in place and returns it. Its numbers depend on `seed`, `name` and its shape alone. `fan` is "
        "that of a tensor held as (out, in, *taps) unless it is given.\n\n"
        f"{said.body}\n\nFormula: {formula}\n\nReferences: {references}"
    )
