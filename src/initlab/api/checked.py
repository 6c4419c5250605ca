"""Checked: the network of an experiment, under one of its schemes, checked at step zero; and again with a remedy."""

from dataclasses import dataclass
from importlib.util import find_spec

import numpy as np

from initlab.api.check import Report, check
from initlab.errors import MissingExtraError, SpecError, UnknownNameError
from initlab.experiments.problem import Problem, bind
from initlab.experiments.spec import Experiment
from initlab.network.initialize import initialize

EXAMPLES = 256
"""Training examples in the batch: the first."""

LOSSES = {"sigmoid": "bce", "softmax": "cross_entropy", "linear": "mse"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """The check of a network as it was drawn, and after the remedy of one finding, if one was asked for."""

    scheme: str
    before: Report
    after: Report | None


def check_experiment(experiment: Experiment, scheme: str, *, remedy: tuple[str, str] | None = None) -> Checked:
    """Check the first seed's network of a scheme on its training data; `remedy` is the rule and path of a finding.

    The check runs on a torch module of the same weights. Raises MissingExtraError without torch, UnknownNameError for a
    scheme that the experiment does not have, SpecError for a remedy that the check does not offer.
    """
    if find_spec("torch") is None:
        raise MissingExtraError("torch", extra="torch")
    from initlab.adapters.torch.perceptron import perceptron
    from initlab.adapters.torch.remedy import remedied

    problem = bind(experiment)
    model = perceptron(problem.net.activation, problem.net.layers(step_zero(problem, scheme)))
    batch, loss = _batch(problem), LOSSES[problem.net.head]
    before = check(model, batch, loss, prove=True)
    if remedy is None:
        return Checked(scheme=scheme, before=before, after=None)
    offered = {(each.rule, each.path): each.code for each in before.findings if each.code}
    if remedy not in offered:
        raise SpecError(f"remedy must be one that the check offers, got {' '.join(remedy)}. Check again.")
    return Checked(scheme=scheme, before=before, after=check(remedied(model, offered[remedy]), batch, loss))


def step_zero(problem: Problem, scheme: str) -> np.ndarray:
    """The parameters of the first seed's network under that scheme, as they were drawn."""
    choices = {choice.label: choice for choice in problem.experiment.choices}
    if scheme not in choices:
        raise UnknownNameError("scheme of this experiment", scheme, choices)
    asked = problem.experiment
    return initialize(problem.net, choices[scheme], seed=asked.seed, draws=asked.draws)


def _batch(problem: Problem) -> tuple[object, object]:
    import torch

    x, y = problem.x[:, :EXAMPLES].T, problem.y[:, :EXAMPLES]
    inputs = torch.tensor(np.ascontiguousarray(x), dtype=torch.float64)
    if problem.net.head == "softmax":
        return inputs, torch.tensor(y.argmax(axis=0))
    return inputs, torch.tensor(np.ascontiguousarray(y.T), dtype=torch.float64)
