"""What a person should take from the trials of one scheme, in words, with the numbers and the test behind them."""

from collections.abc import Iterable, Mapping, Sequence

import numpy as np

from initlab.experiments.result import Trial
from initlab.numerics.statistics import sign_test

LEVEL = 0.05
"""Two schemes are told apart when the sign test over their common seeds has a p-value below this."""

FEWEST = 6
"""Seeds from which the sign test can reach that level: 2/2⁶ < 0.05 < 2/2⁵."""

VANISHED = 1e-3
"""A signal has vanished when the first layer's standard deviation is below this share of the last's, or the reverse."""

Groups = Mapping[str, Sequence[Trial]]


def verdicts(groups: Groups) -> dict[str, str]:
    """A verdict for every scheme, by label."""
    best = _best(groups)
    return {label: _verdict(label, trials, best, groups) for label, trials in groups.items()}


def _best(groups: Groups) -> str | None:
    """The scheme with the best median score among those whose trials mostly learned."""
    able = {label: trials for label, trials in groups.items() if _count(trials, "learned") * 2 > len(trials)}
    return max(able, key=lambda label: np.median([_score(trial) for trial in able[label]]), default=None)


def _score(trial: Trial) -> float:
    """Higher is better: the test accuracy, or minus the test loss in regression."""
    return -trial.test_loss if np.isnan(trial.test_accuracy) else trial.test_accuracy


def _count(trials: Sequence[Trial], status: str) -> int:
    return sum(trial.status == status for trial in trials)


def _verdict(label: str, trials: Sequence[Trial], best: str | None, groups: Groups) -> str:
    of = f"of {len(trials)} {'seed' if len(trials) == 1 else 'seeds'}"
    diverged, stalled = _count(trials, "diverged"), _count(trials, "stalled")
    if diverged * 2 >= len(trials):
        last = int(np.median([trial.curve.iteration[-1] for trial in trials if trial.status == "diverged"]))
        return f"Diverges in {diverged} {of}: the loss is no longer finite by iteration {last}."
    if (stalled + diverged) * 2 >= len(trials):
        return f"No better than chance in {stalled} {of}{_why(trials)}."
    failures = f" {stalled} {of} end no better than chance." if stalled else ""
    failures += f" {diverged} {of} diverge." if diverged else ""
    symmetric = (
        " Every hidden layer keeps one distinct unit: its units do the work of one." if _symmetric(trials) else ""
    )
    return _standing(label, best, groups) + symmetric + failures


def _symmetric(trials: Sequence[Trial]) -> bool:
    """Whether every hidden layer of every trial ends with one distinct unit, and some layer has more than one unit."""
    hidden = [layer for trial in trials for layer in trial.end.layers[:-1]]
    return all(layer.distinct == 1 for layer in hidden) and any(layer.units > 1 for layer in hidden)


def _why(trials: Sequence[Trial]) -> str:
    """The cause that the traces at step zero show, where they show one."""
    if _symmetric(trials):
        return ": every hidden layer keeps one distinct unit, so symmetry is never broken"
    if len(trials[0].start.layers) < 3:
        return ""
    forward = _median_ratio((t.start.layers[-1].forward_std, t.start.layers[0].forward_std) for t in trials)
    backward = _median_ratio((t.start.layers[0].backward_std, t.start.layers[-1].backward_std) for t in trials)
    if forward == 0:
        return ": at step zero no signal reaches the output"
    if forward < VANISHED:
        return f": at step zero the signal has shrunk to {forward:.1e} of its size when it reaches the output"
    if backward < VANISHED:
        return f": at step zero the gradient has shrunk to {backward:.1e} of its size when it reaches the first layer"
    return ""


def _median_ratio(pairs: Iterable[tuple[float, float]]) -> float:
    return float(np.median([_ratio(far, near) for far, near in pairs]))


def _ratio(far: float, near: float) -> float:
    return far / near if near else 0.0


def _standing(label: str, best: str | None, groups: Groups) -> str:
    """How a scheme that learns stands against the best one, seed by seed."""
    score = abs(float(np.median([_score(trial) for trial in groups[label]])))
    kind = "test loss" if np.isnan(groups[label][0].test_accuracy) else "test accuracy"
    if best is None or label == best:
        return f"{'Learns' if len(groups) == 1 else 'Best median here'}: {kind} {score:.3g}."
    pairs = _pairs(groups[label], groups[best])
    if len(set(pairs)) == 1 and len(pairs) > 1:
        return _once(score, kind, best, pairs[0])
    wins, losses = sum(mine > theirs for mine, theirs in pairs), sum(mine < theirs for mine, theirs in pairs)
    p = sign_test(wins, losses)
    count = f"better in {wins} and worse in {losses} of {len(pairs)} seeds, p = {p:.2g}"
    if len(pairs) < FEWEST:
        return f"Too few seeds to set against {best}: better in {wins} and worse in {losses} of {len(pairs)}."
    if p < LEVEL:
        return f"{'Better' if wins > losses else 'Worse'} than {best}: {count}."
    return f"Not told apart from {best}: {count}."


def _once(score: float, kind: str, best: str, pair: tuple[float, float]) -> str:
    """The standing where neither scheme draws anything, so that all seeds repeat one result and there is no test."""
    mine, theirs = pair
    word = "Better than" if mine > theirs else "Worse than" if mine < theirs else "As good as"
    return f"{word} {best}: {kind} {score:.3g} against {abs(theirs):.3g}, the same in every seed."


def _pairs(trials: Sequence[Trial], rivals: Sequence[Trial]) -> list[tuple[float, float]]:
    """The scores of both on their common seeds."""
    theirs = {trial.seed: _score(trial) for trial in rivals}
    return [(_score(trial), theirs[trial.seed]) for trial in trials if trial.seed in theirs]
