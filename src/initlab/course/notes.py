"""What the course does not say about its figures."""

from collections.abc import Sequence

import numpy as np

from initlab.course import published
from initlab.course.initialization import SEED
from initlab.experiments.course_result import CourseRun, SeedSpread
from initlab.words import listed

WELL_TRAINED = 0.95
"""A He or Xavier network below this training accuracy is counted as having failed; the course's reaches 0.99."""

AT_1000, AT_7000 = (f"{low:.4f} to {high:.4f}" for low, high in published.RANDOM_SPANS)

SETTLED = (
    "Under zeros this ReLU network is worse than symmetric: all hidden activations and gradients are exactly 0, only "
    "the last bias can move. A cost of ln 2 is a guess of 1/2 for every example.",
    "The digits of the random model are not promised: rounding grows. Six public runs of the notebook span "
    f"{AT_1000} at iteration 1000 and {AT_7000} at 7000. The accuracies are the same in all of them.",
    "He's variance is 2/n_in, and Xavier's 1/n_in or 2/(n_in + n_out); the standard deviations are their square roots. "
    "Some notes on the course write the root where the variance belongs.",
    'The course labels its cost plot "iterations (per hundreds)"; a point there stands for a thousand.',
)


def notes(runs: Sequence[CourseRun], spreads: Sequence[SeedSpread]) -> tuple[str, ...]:
    """One sentence or two on each thing, in the order of importance."""
    return (*_luck(spreads), *(_infinite(run) for run in runs if np.isinf(run.costs[0])), *SETTLED)


def _infinite(run: CourseRun) -> str:
    return (
        f"The first {run.initialization} cost is inf only because ln(1 - a) is taken where a rounds to 1. "
        f"Computed from the logits, the loss is {run.stable_first_cost:.3f}."
    )


def _luck(spreads: Sequence[SeedSpread]) -> list[str]:
    """Where the course's seed stands among the others; nothing when it is not among them."""
    if not spreads or len(spreads[0].train_accuracy) <= SEED:
        return []
    better, failed = [], []
    for spread in spreads:
        accuracy = np.array(spread.train_accuracy)
        better.append(f"{np.sum(accuracy > accuracy[SEED])} under {spread.initialization}")
        if spread.initialization != "random":
            failed.append(f"{np.sum(accuracy < WELL_TRAINED)} under {spread.initialization}")
    return [
        f"Seed {SEED}, the course's, is a lucky one. Of {accuracy.size} seeds, only {listed(better)} reach a higher "
        f"training accuracy than it does, while {listed(failed)} end below {WELL_TRAINED}. "
        "Compare initializations over many seeds."
    ]
