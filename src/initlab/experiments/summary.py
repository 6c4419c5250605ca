"""From trials to a comparison: medians, ranges, shares, and a verdict in words with its numbers."""

from collections.abc import Iterable, Sequence

import numpy as np

from initlab.experiments.boundary import boundaries
from initlab.experiments.flight import Flight
from initlab.experiments.problem import Problem
from initlab.experiments.product import products
from initlab.experiments.result import Comparison, SchemeResult, Trial
from initlab.experiments.spread import spread
from initlab.experiments.verdict import verdicts
from initlab.network.initialize import laws
from initlab.schemes import Choice


def summarise(problem: Problem, run: Flight[Trial]) -> Comparison:
    """Summarise the trials of a run."""
    chosen = [(choice, _of(choice.label, run.results)) for choice in problem.experiment.choices]
    groups = {choice.label: trials for choice, trials in chosen if trials}
    words = verdicts(groups)
    return Comparison(
        experiment=problem.experiment,
        network=problem.net.label,
        data=problem.facts,
        schemes=tuple(_scheme(problem, choice, trials, words[choice.label]) for choice, trials in chosen if trials),
        boundaries=boundaries(problem, groups),
        products=products(problem, groups),
        interrupted=run.interrupted,
    )


def _of(label: str, trials: Iterable[Trial]) -> tuple[Trial, ...]:
    return tuple(trial for trial in trials if trial.scheme == label)


def _scheme(problem: Problem, choice: Choice, trials: Sequence[Trial], verdict: str) -> SchemeResult:
    documentation = choice.scheme.documentation
    return SchemeResult(
        scheme=choice.label,
        summary=documentation.summary,
        formula=documentation.sections.get("Formula", ""),
        laws=laws(problem.net, choice),
        trials=tuple(trials),
        train_accuracy=spread(trial.train_accuracy for trial in trials),
        test_accuracy=spread(trial.test_accuracy for trial in trials),
        final_loss=spread(_worst(trial.final_loss) for trial in trials),
        test_loss=spread(_worst(trial.test_loss) for trial in trials),
        diverged=sum(trial.status == "diverged" for trial in trials) / len(trials),
        stalled=sum(trial.status == "stalled" for trial in trials) / len(trials),
        verdict=verdict,
    )


def _worst(loss: float) -> float:
    """A loss that is not a number is the worst of all."""
    return np.inf if np.isnan(loss) else loss
