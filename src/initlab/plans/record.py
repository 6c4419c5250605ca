"""What `init` notes in a weights file: the policy, the seed and where each parameter lies, for `verify` to read."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, replace
from importlib.metadata import version
from typing import Any

import numpy as np
from numpy.typing import NDArray

from initlab.adapters.blocks import Block, Piece
from initlab.adapters.state import State, block_of
from initlab.errors import DataError, InitlabError
from initlab.parameters import Fan, Parameter
from initlab.plans.exact import widened
from initlab.plans.plan import Plan
from initlab.plans.policy import Policy, policy
from initlab.plans.weights import Weights
from initlab.streams import STREAM_VERSION

NOTE = "initlab"

Places = Mapping[str, tuple[str, Block]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """What was planned for the tensors of a file, and with which seed they were drawn."""

    policy: Policy
    seed: int
    framework: str
    parameters: tuple[Parameter, ...]
    places: Places


def notes_of(plan: Plan, state: State, *, seed: int) -> dict[str, str]:
    """The notes of a file: for other readers the names that are one tensor, for this one all that was planned."""
    record = {
        "version": version("initlab"),
        "stream_version": STREAM_VERSION,
        "seed": seed,
        "framework": plan.framework,
        "policy": {**plan.policy.model_dump(mode="json", exclude_defaults=True), "rules": _rules(plan.policy)},
        "parameters": [
            {**asdict(row.parameter), "place": _written(state.places[row.parameter.name])}
            for row in plan.rows
            if row.parameter.name in state.places
        ],
    }
    return {"format": "pt" if plan.framework == "torch" else "np", **state.same, NOTE: json.dumps(record)}


def _rules(policy: Policy) -> list[dict[str, Any]]:
    """All rules of a policy, those that it inherits below its own."""
    return [rule.model_dump(mode="json", exclude_defaults=True) for rule in (*policy.rules, *policy.inherited)]


def _written(place: tuple[str, Block]) -> dict[str, Any]:
    tensor, block = place
    pieces = [
        {"held": [_cut(cut) for cut in piece.held], "where": [_cut(cut) for cut in piece.where]}
        for piece in block.pieces
    ]
    return {"tensor": tensor, "shape": block.shape, "axes": block.axes, "pieces": pieces}


def _cut(cut: slice | int) -> int | list[int | None]:
    return cut if isinstance(cut, int) else [cut.start, cut.stop, cut.step]


def recorded(weights: Weights) -> Record | None:
    """What a file notes; None where it notes nothing. Raises DataError when the note cannot be read."""
    if NOTE not in weights.notes:
        return None
    try:
        note = json.loads(weights.notes[NOTE])
        fields = {**note["policy"]}
        fields.pop("extends", None)
        return Record(
            policy=policy(fields),
            seed=int(note["seed"]),
            framework=str(note["framework"]),
            parameters=tuple(_parameter(entry) for entry in note["parameters"]),
            places={entry["name"]: _place(entry["place"]) for entry in note["parameters"]},
        )
    except (KeyError, TypeError, ValueError, AttributeError, InitlabError) as error:
        raise DataError(
            f"The note of {weights.path} must be one that initlab wrote, got one that cannot be read ({error}). "
            "Name the model with --model."
        ) from None


def _parameter(entry: Mapping[str, Any]) -> Parameter:
    fields: dict[str, Any] = {name: tuple(value) if isinstance(value, list) else value for name, value in entry.items()}
    fields.pop("place")
    fan = fields.pop("fan")
    return Parameter(**fields, fan=None if fan is None else Fan(**fan))


def _place(entry: Mapping[str, Any]) -> tuple[str, Block]:
    pieces = tuple(
        Piece(held=tuple(map(_read, piece["held"])), where=tuple(slice(*cut) for cut in piece["where"]))
        for piece in entry["pieces"]
    )
    return entry["tensor"], Block(shape=tuple(entry["shape"]), axes=tuple(entry["axes"]), pieces=pieces)


def _read(cut: int | list[int | None]) -> slice | int:
    return cut if isinstance(cut, int) else slice(*cut)


def as_stored(parameters: Iterable[Parameter], places: Places, weights: Weights) -> tuple[Parameter, ...]:
    """Parameters in the dtype that a file holds them in, those that it holds."""
    return tuple(
        replace(parameter, dtype=weights.dtypes[places[parameter.name][0]], device="cpu")
        for parameter in parameters
        if parameter.name in places
    )


def stored(parameter: Parameter, places: Places, weights: Weights) -> NDArray[Any]:
    """The numbers of a parameter in a file, in canonical order."""
    tensor, block = places[parameter.name]
    numbers = block_of(weights.arrays[tensor], block)
    return widened(np.ascontiguousarray(numbers)) if parameter.dtype == "bfloat16" else numbers


def check_names(weights: Weights, state: State) -> dict[str, str]:
    """The name in the file of each tensor of a model. Raises DataError unless names and shapes are the model's."""
    other: dict[str, list[str]] = {}
    for name, first in state.same.items():
        other.setdefault(first, []).append(name)
    found = {}
    for name, held in state.tensors.items():
        known = next((each for each in (name, *other.get(name, [])) if each in weights.arrays), None)
        if known is None:
            raise DataError(f"The weights file {weights.path} must hold {name} as the model does, got no such tensor.")
        if weights.arrays[known].shape != held.shape:
            raise DataError(
                f"The tensor {known} of {weights.path} must have the shape {held.shape} of the model, "
                f"got {weights.arrays[known].shape}."
            )
        found[name] = known
    extra = weights.arrays.keys() - state.tensors.keys() - state.same.keys()
    if extra:
        raise DataError(f"The weights file {weights.path} must hold the model's tensors only, got {min(extra)} too.")
    return found
