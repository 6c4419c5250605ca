"""What the theory expects of an experiment's networks at step zero, layer by layer, before any is drawn.

The band is that of `theory.predict`: 99 % of networks of these widths. It holds for independent, centred weights;
under other laws there is none. The backward half is in units of the gradient at the last layer.
"""

from dataclasses import dataclass

import numpy as np

from initlab.errors import UsageError
from initlab.experiments.problem import Problem
from initlab.laws import Constant, Law, Normal, TruncatedNormal, Uniform
from initlab.network.initialize import laws
from initlab.numerics.activations import Floats, activation
from initlab.schemes import Choice
from initlab.theory.predict import Prediction, Stage, predict

EXAMPLES = 128
"""Training examples whose lengths and angles describe the data: the first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Forecast:
    """What is expected under one scheme, or why nothing is; `sigma_w2`, `sigma_b2` are those of hidden layers."""

    scheme: str
    prediction: Prediction | None
    why_not: str
    sigma_w2: float
    sigma_b2: float


def forecasts(problem: Problem) -> tuple[Forecast, ...]:
    """One forecast a scheme.

    >>> from initlab.experiments.problem import bind
    >>> from initlab.experiments.spec import Experiment
    >>> found = forecasts(bind(Experiment(schemes="zeros, he")))
    >>> found[0].why_not, round(found[1].prediction.layers[1].forward_std, 2)
    ('every weight is zero, so nothing passes', 0.91)
    """
    return tuple(_forecast(problem, choice) for choice in problem.experiment.choices)


def _forecast(problem: Problem, choice: Choice) -> Forecast:
    drawn = laws(problem.net, choice)
    weight, bias = _hidden(problem, drawn)
    why_not = next((words for name, law in drawn.items() if (words := _unfit(name, law))), "")
    prediction = None
    if not why_not:
        try:
            prediction = _predict(problem, drawn)
        except UsageError as error:
            why_not = str(error)
    return Forecast(scheme=choice.label, prediction=prediction, why_not=why_not, sigma_w2=weight, sigma_b2=bias)


def _unfit(name: str, law: Law) -> str:
    """Why the theory has no band for a law of weights, or of biases; nothing where it has."""
    if isinstance(law, Constant):
        if law.value == 0:
            return "every weight is zero, so nothing passes" if name.startswith("W") else ""
        return "every weight is the same number" if name.startswith("W") else "the biases are all the same number"
    if not isinstance(law, (Normal, Uniform, TruncatedNormal)):
        return "the weights are not independent of each other"
    return "" if law.mean == 0 else "the weights are not centred"


def _hidden(problem: Problem, drawn: dict[str, Law]) -> tuple[float, float]:
    """(σ_w², σ_b²) of the hidden layers: of the second where there is one, whose fan is that of all that follow."""
    layer = 2 if problem.net.depth > 2 else 1
    second_moment = drawn[f"W{layer}"].variance + drawn[f"W{layer}"].mean ** 2
    return problem.net.widths[layer - 1] * second_moment, drawn[f"b{layer}"].variance


def _predict(problem: Problem, drawn: dict[str, Law]) -> Prediction:
    net, depth = problem.net, problem.net.depth
    stages = [
        Stage(
            inputs=inputs,
            units=units,
            weight_variance=drawn[f"W{number}"].variance,
            bias_variance=drawn[f"b{number}"].variance,
            phi=activation(net.activation) if number < depth else None,
        )
        for number, (inputs, units) in enumerate(zip(net.widths, net.widths[1:], strict=False), start=1)
    ]
    x = problem.x[:, :EXAMPLES].astype(np.float64)
    cosines = _cosines(x)
    return predict(
        stages,
        input_square=float((x**2).mean()),
        correlation=float(cosines.mean()),
        correlation_variance=float(cosines.var()),
        examples=x.shape[1],
    )


def _cosines(x: Floats) -> Floats:
    """The cosine of the angle between every two examples."""
    length = np.sqrt((x**2).sum(axis=0))
    unit = x / np.where(length > 0, length, 1)
    table = unit.T @ unit
    pairs = table[np.triu_indices(len(table), 1)]
    return np.clip(pairs, -1, 1) if pairs.size else np.ones(1)
