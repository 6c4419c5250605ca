"""Plan, init and verify: say what each parameter of a model gets and why, draw it, and prove that it happened."""

import weakref
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, TypeVar

from initlab.adapters import adapter_of
from initlab.adapters.adapter import Adapter
from initlab.errors import SpecError
from initlab.plans import plan as plans
from initlab.plans import verify as verification
from initlab.plans.data_dependent import adapt_to, check_batch, output_tests
from initlab.plans.memory import check_room
from initlab.plans.policy import Policy, policy_of
from initlab.plans.verify import ALPHA, Show
from initlab.render import plan as render
from initlab.render import text
from initlab.render import verify as render_verify

Source = Policy | Mapping[str, Any] | str | Path
"""A policy, its fields, the name of a preset, or a TOML file."""

Model = TypeVar("Model")

DEFAULTS = {"torch": "torch-default", "jax": "flax-default"}
"""The preset that `framework-default` stands for, by framework."""


class Verified(verification.Verified):
    """The result of `verify`: pure data that shows itself in a terminal and in a notebook."""

    def __str__(self) -> str:
        return text.printed(render_verify.verified(self))

    __repr__ = __str__

    def _repr_html_(self) -> str:
        return render_verify.fragment(self)


@dataclass(frozen=True, kw_only=True, repr=False)
class Plan(plans.Plan):
    """The result of `plan`: data that shows itself, and can be applied to the model and held against it.

    `reader` has read the model `subject`, and need not read it again.
    """

    reader: Adapter = field(repr=False, compare=False)
    subject: Callable[[], object | None] = field(repr=False, compare=False)

    def __str__(self) -> str:
        return text.printed(render.plan(self))

    __repr__ = __str__

    def _repr_html_(self) -> str:
        return render.fragment(self)

    def without(self, names: Collection[str]) -> "Plan":
        """The plan less the parameters of these names, and the blocks of tensors of these names."""
        kept = (row for row in self.rows if not {row.parameter.name, row.parameter.tensor} & set(names))
        return replace(self, rows=tuple(kept))

    def apply(self, model: Model, *, seed: int = 0, batch: Any = None) -> Model:  # noqa: ANN401
        """Draw every planned parameter, all or none, and return the model: itself, or JAX's new pytree.

        Frozen tensors, buffers and padding rows are left alone; no generator is touched. `batch` is the data of a
        policy that looks at some: what the model takes, as a tensor, a tuple or a dict. Raises SpecError, before
        anything is drawn, when the model is not the one planned, or needs more memory than the machine has.
        """
        adapter = _reader(self, model)
        check_room(self)
        check_batch(self, adapter, model, batch)
        drawn: Model = adapter.fill(model, self.laws, seed=seed)
        if batch is not None:
            adapt_to(self, adapter, drawn, batch, seed=seed)
        return drawn

    def verify(
        self,
        model: object,
        *,
        seed: int | None = None,
        alpha: float = ALPHA,
        batch: Any = None,  # noqa: ANN401
        progress: Show | None = None,
    ) -> Verified:
        """Hold what a model holds against this plan; with a seed, the very numbers too; with a batch, the outputs."""
        adapter = _reader(self, model)
        found = verification.verify(
            self,
            _values(adapter, model),
            seed=seed,
            alpha=alpha,
            progress=progress,
            outputs=output_tests(self, adapter, model, batch, seed=seed or 0),
        )
        return Verified(**vars(found))


def plan(
    model: object,
    policy: Source = "auto",
    *,
    strict: bool = False,
    example: Any = None,  # noqa: ANN401
) -> Plan:
    """Say what each parameter of a model gets under a policy, and why. Nothing is drawn.

    A torch model is run once, without computing its products, to see what follows each layer. `example` is what it is
    called with for that: a tensor or array, (inputs, targets), or a tuple or dict of arguments; None guesses it.

    >>> import numpy as np
    >>> found = plan({"W1": np.zeros((10, 50)), "b1": np.zeros((10, 1))}, "course-he")
    >>> found.laws
    {'W1': Normal(std=0.2, mean=0.0), 'b1': Constant(value=0.0)}

    Raises SpecError for a policy or model that cannot be planned, for an example that the model does not take, and, if
    `strict`, for what the policy leaves open.
    """
    adapter = adapter_of(model, example=example)
    chosen = policy_for(policy, adapter.name)
    parameters = adapter.parameters(model)
    buffers, note = getattr(adapter, "buffers", lambda _model: ())(model), adapter.note(model)
    if example is not None and note:
        raise SpecError(f"The example must be one that the model takes, got one of which {note}. Give what it takes.")
    found = plans.plan(parameters, chosen, framework=adapter.name, buffers=buffers, note=note, strict=strict)
    return Plan(**vars(found), reader=adapter, subject=_reference(model))


def init(
    model: Model,
    policy: Source = "auto",
    *,
    seed: int = 0,
    strict: bool = False,
    batch: Any = None,  # noqa: ANN401
    example: Any = None,  # noqa: ANN401
) -> Model:
    """Plan a model and draw it: in place, or, for JAX, as a new pytree.

    >>> import numpy as np
    >>> float(init({"W1": np.zeros((1000, 50))}, "course-he")["W1"].std().round(2))
    0.2
    """
    return plan(model, policy, strict=strict, example=example).apply(model, seed=seed, batch=batch)


def verify(
    model: object,
    policy: Source = "auto",
    *,
    seed: int | None = None,
    alpha: float = ALPHA,
    strict: bool = False,
    batch: Any = None,  # noqa: ANN401
    example: Any = None,  # noqa: ANN401
    progress: Show | None = None,
) -> Verified:
    """Whether a model holds what a policy plans for it: every tensor against its law, and against the others.

    >>> import numpy as np
    >>> found = verify({"W1": np.random.default_rng(0).standard_normal((100, 50))}, "course-he")
    >>> [(finding.name, finding.found) for finding in found.findings]
    [('W1', 'std 0.9955')]
    """
    planned = plan(model, policy, strict=strict, example=example)
    return planned.verify(model, seed=seed, alpha=alpha, batch=batch, progress=progress)


def policy_for(source: Source, framework: str) -> Policy:
    """A policy for a model of that framework; `framework-default` is the preset of its own defaults."""
    if source != "framework-default":
        return policy_of(dict(source) if isinstance(source, Mapping) else source)
    if framework not in DEFAULTS:
        raise SpecError(f"The framework of framework-default must be torch or jax, got {framework}. Use course-he.")
    return policy_of(DEFAULTS[framework])


def needs_data(source: Source) -> bool:
    """Whether a policy looks at a batch of data."""
    return policy_for(source, "torch").method is not None


def _values(adapter: Adapter, model: object) -> verification.Values:
    """What parameters of a model hold, looked at once where the adapter can."""
    at_once: Callable[[object], verification.Values] | None = getattr(adapter, "all_values", None)
    return (lambda parameter: adapter.values(model, parameter)) if at_once is None else at_once(model)


def _reference(model: object) -> Callable[[], object | None]:
    """A call that gives a model, as long as it is alive; nothing for one of a kind that cannot be referred to so."""
    try:
        return weakref.ref(model)
    except TypeError:
        return lambda: None


def _reader(planned: Plan, model: object) -> Adapter:
    """The adapter of a model. Raises SpecError unless it is the one planned, or has its parameters in their shapes."""
    if planned.subject() is model:
        return planned.reader
    adapter = adapter_of(model, example=getattr(planned.reader, "example", None))
    shapes = {parameter.name: parameter.shape for parameter in adapter.parameters(model)}
    for row in planned.rows:
        name, shape = row.parameter.name, row.parameter.shape
        if shapes.get(name) != shape:
            raise SpecError(
                f"The model must be the one planned, got {name} of shape {shapes.get(name, 'nothing')} where {shape} "
                "was planned. Plan this one."
            )
    return adapter
