"""Weights files: init into one, and verify one."""

from pathlib import Path
from typing import Any

from initlab.adapters import adapter_of
from initlab.adapters.numpy import NumpyAdapter
from initlab.adapters.state import State, state_of
from initlab.api.plan import Plan, Source, Verified, plan, policy_for
from initlab.errors import DataError, SpecError
from initlab.plans import plan as plans
from initlab.plans import verify as verification
from initlab.plans.record import Places, as_stored, check_names, notes_of, recorded, stored
from initlab.plans.verify import ALPHA, Show
from initlab.plans.weights import Weights, read_weights, write_weights


def init_file(
    model: object,
    policy: Source,
    *,
    seed: int,
    output: str | Path,
    strict: bool = False,
    batch: Any = None,  # noqa: ANN401
    example: Any = None,  # noqa: ANN401
) -> Plan:
    """Plan a model, draw it, and write it into a safetensors file, whole or not at all.

    The file holds a torch model's tensors under the names of its state_dict, tied ones once; of other models it holds
    each parameter as (out, in, *taps). Raises UsageError before anything is drawn when it cannot be written.
    """
    path = Path(output)
    if path.suffix != ".safetensors":
        raise SpecError(f"The output must be a .safetensors file, got {path}. Name it so.")
    if not path.parent.is_dir():
        raise SpecError(f"The folder of {path} must exist, got nothing there. Make it first.")
    planned = plan(model, policy, strict=strict, example=example)
    drawn = planned.apply(model, seed=seed, batch=batch)
    state = state_of(drawn, planned.reader)
    write_weights(path, state.tensors, notes_of(planned, state, seed=seed))
    return planned


def verify_file(
    file: str | Path,
    policy: Source | None = None,
    *,
    model: object | None = None,
    example: Any = None,  # noqa: ANN401
    seed: int | None = None,
    alpha: float = ALPHA,
    strict: bool = False,
    progress: Show | None = None,
) -> Verified:
    """Hold the tensors of a safetensors file against a policy, or against the policy and seed that are noted in it.

    What each tensor is, the model says if one is given (on the meta device will do), else the note that `init` left in
    the file, else the names and shapes alone. Raises DataError for a file that is not whole or not of that model.
    """
    weights = read_weights(Path(file))
    note = recorded(weights)
    if policy is None and note is None:
        raise SpecError(f"The policy must be given, got none, and {file} notes none. Add --policy NAME.")
    places: Places
    if model is not None:
        adapter = adapter_of(model, example=example)
        state = state_of(model, adapter)
        names = check_names(weights, state)
        places = {name: (names[tensor], block) for name, (tensor, block) in state.places.items()}
        parameters, framework, unrun = adapter.parameters(model), adapter.name, adapter.note(model)
    elif note is not None:
        parameters, places, framework, unrun = note.parameters, note.places, note.framework, ""
        _check_places(weights, State(tensors={}, same={}, places=places))
    else:
        arrays = dict(weights.arrays)
        numpy = NumpyAdapter()
        state, parameters, framework = state_of(arrays, numpy), numpy.parameters(arrays), numpy.name
        places, unrun = state.places, numpy.note(arrays)
    if policy is None and seed is None and note is not None:
        seed = note.seed
    chosen = note.policy if policy is None and note is not None else policy_for(policy or "auto", framework)
    found = plans.plan(as_stored(parameters, places, weights), chosen, framework=framework, note=unrun, strict=strict)
    checked = verification.verify(
        found, lambda each: stored(each, places, weights), seed=seed, alpha=alpha, progress=progress
    )
    return Verified(**vars(checked))


def _check_places(weights: Weights, state: State) -> None:
    for name, (tensor, _) in state.places.items():
        if tensor not in weights.arrays:
            raise DataError(
                f"The weights file {weights.path} must hold {tensor}, of which its note says {name} is a part."
            )
