"""The methods by name, and what they need of a framework."""

from collections.abc import Callable, Mapping
from typing import Any, Protocol

from initlab.adapters.adapter import Adapter
from initlab.errors import SpecError
from initlab.plans.data_dependent.checks import Check, channels, rates, spreads
from initlab.plans.data_dependent.krahenbuhl import krahenbuhl
from initlab.plans.data_dependent.lsuv import lsuv
from initlab.plans.data_dependent.network import Network
from initlab.plans.data_dependent.weight_norm import weight_norm
from initlab.plans.elementwise import Test
from initlab.plans.plan import Plan
from initlab.plans.policy import Method


class Rescale(Protocol):
    """A method: rescales the layers of a network in place."""

    def __call__(self, network: Network, *, seed: int) -> None: ...


METHODS: Mapping[Method, tuple[Rescale, Check]] = {
    "lsuv": (lsuv, spreads),
    "krahenbuhl": (krahenbuhl, rates),
    "weight-norm": (weight_norm, channels),
}
"""What each method does to a network, and what then holds of it."""


def check_batch(plan: Plan, adapter: Adapter, model: Any, batch: Any) -> None:  # noqa: ANN401
    """Raise SpecError unless a batch is there where the policy needs one, and the model takes it."""
    method, name = plan.policy.method, plan.policy.name
    if method is None and batch is not None:
        raise SpecError(f"The policy {name} must be given no batch, got one. Leave it out, or use lsuv.")
    if method is not None and batch is None:
        raise SpecError(
            f"The policy {name} must have a batch of data, got none. Give one: batch=x, --batch FILE.py:NAME."
        )
    if method is not None and all(row.parameter.device != "meta" for row in plan.rows):
        network_of(plan, adapter, model, batch).run(lambda _output: None)


def output_tests(
    plan: Plan,
    adapter: Adapter,
    model: Any,  # noqa: ANN401
    batch: Any,  # noqa: ANN401
    *,
    seed: int,
) -> list[tuple[str, Test]]:
    """What the outputs of the layers say of the method, by the name of the layer's weight."""
    if plan.policy.method is None or batch is None:
        return []
    _, check = METHODS[plan.policy.method]
    return check(network_of(plan, adapter, model, batch), seed=seed)


def adapt_to(plan: Plan, adapter: Adapter, model: Any, batch: Any, *, seed: int) -> None:  # noqa: ANN401
    """Rescale a drawn model on a batch by the plan's method. Raises SpecError for a framework that cannot."""
    assert plan.policy.method is not None
    rescale, _ = METHODS[plan.policy.method]
    rescale(network_of(plan, adapter, model, batch), seed=seed)


def network_of(plan: Plan, adapter: Adapter, model: Any, batch: Any) -> Network:  # noqa: ANN401
    """A model with a batch, for the layers that are planned."""
    if adapter.name != "torch":
        raise SpecError(f"A policy that looks at data must have a torch model, got {adapter.name}. Use another policy.")
    from initlab.adapters.torch import outputs

    reader: Any = adapter
    layers = [layer for layer in outputs.layers(model, reader.reading(model)) if layer.name in plan.laws]

    def run(adjust: Callable[[Any], Any]) -> None:
        outputs.run(model, layers, batch, adjust)

    def ratios(direction: Callable[..., Any]) -> dict[str, float]:
        return outputs.relative_gradients(model, layers, batch, direction)

    def scale(factors: Mapping[str, float]) -> None:
        outputs.scale(layers, factors)

    return Network(run=run, ratios=ratios, scale=scale)
