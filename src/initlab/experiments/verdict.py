"""What a person should take from the trials of one scheme, in words, with the numbers and the test behind them."""

from collections.abc import Iterable, Mapping, Sequence

import numpy as np

from initlab.experiments.result import Trial
from initlab.numerics.statistics import sign_test

LEVEL = 0.05
"""Two schemes are told apart when the sign test over their common seeds, corrected, has a p-value below this.

The rival is the best of the same trials, so p is multiplied by the number of pairs of schemes (Bonferroni).
"""

VANISHED = 1e-3
"""A signal has vanished when the first layer's standard deviation is below this share of the last's, or the reverse."""

Groups = Mapping[str, Sequence[Trial]]


def verdicts(groups: Groups) -> dict[str, str]:
    """A verdict for every scheme, by label."""
    rival = best(groups)
    return {label: _verdict(label, trials, rival, groups) for label, trials in groups.items()}


def best(groups: Groups) -> str | None:
    """The scheme of the highest median score, and among equals of the lowest loss, if most of its trials learned."""
    able = {label: trials for label, trials in groups.items() if _count(trials, "learned") * 2 > len(trials)}
    return max(able, key=lambda label: _rank(able[label]), default=None)


def _rank(trials: Sequence[Trial]) -> tuple[float, float]:
    losses = [np.inf if trial.status == "diverged" else trial.test_loss for trial in trials]
    return float(np.median([_score(trial) for trial in trials])), -float(np.median(losses))


def _score(trial: Trial) -> float:
    """Higher is better: the test accuracy, or minus the test loss in regression; a diverged trial is worst."""
    if trial.status == "diverged":
        return -np.inf
    return -trial.test_loss if np.isnan(trial.test_accuracy) else trial.test_accuracy


def _count(trials: Sequence[Trial], status: str) -> int:
    return sum(trial.status == status for trial in trials)


def _verdict(label: str, trials: Sequence[Trial], rival: str | None, groups: Groups) -> str:
    of = f"of {len(trials)} {'seed' if len(trials) == 1 else 'seeds'}"
    diverged, stalled = _count(trials, "diverged"), _count(trials, "stalled")
    symmetric = (
        " Every hidden layer keeps one distinct unit: its units do the work of one." if _symmetric(trials) else ""
    )
    failures = [f"{stalled} {of} end no better than chance."] * (stalled > 0) + [f"{diverged} {of} diverge."] * (
        diverged > 0
    )
    if (stalled + diverged) * 2 < len(trials):
        return " ".join([_standing(label, rival, groups) + symmetric, *failures])
    if stalled > diverged:
        return " ".join([f"No better than chance in {stalled} {of}{_why(trials)}.", *failures[1:]])
    last = int(np.median([trial.curve.iteration[-1] for trial in trials if trial.status == "diverged"]))
    return " ".join([f"Diverges in {diverged} {of}, by iteration {last}.", *failures[:-1]])


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


def _standing(label: str, rival: str | None, groups: Groups) -> str:
    """How a scheme that learns stands against the best one, seed by seed."""
    score = abs(float(np.median([_score(trial) for trial in groups[label]])))
    kind = "test loss" if np.isnan(groups[label][0].test_accuracy) else "test accuracy"
    if rival is None or label == rival:
        return f"{'Learns' if len(groups) == 1 else 'Best median here'}: {kind} {score:.3g}."
    pairs = _pairs(groups[label], groups[rival])
    if len(pairs) == 1:
        return _glimpse(kind, rival, pairs[0])
    if len(set(pairs)) == 1:
        return _once(score, kind, rival, pairs[0])
    wins, losses = sum(mine > theirs for mine, theirs in pairs), sum(mine < theirs for mine, theirs in pairs)
    count = f"better in {wins} and worse in {losses} of {len(pairs)} seeds"
    tests = len(groups) * (len(groups) - 1) // 2
    if tests * sign_test(len(pairs), 0) >= LEVEL:
        return f"Too few seeds to set against {rival}: {count}."
    p = min(1.0, tests * sign_test(wins, losses))
    word = "Not told apart from" if p >= LEVEL else "Better than" if wins > losses else "Worse than"
    return f"{word} {rival}: {count}, p = {p:.2g}."


def _glimpse(kind: str, rival: str, pair: tuple[float, float]) -> str:
    """The standing at one seed, which is no test."""
    mine, theirs = pair
    word = "Ahead of" if mine > theirs else "Behind" if mine < theirs else "Level with"
    numbers = f"{kind} {abs(mine):.3g} against {abs(theirs):.3g}"
    return f"{word} {rival} at this seed: {numbers}. One seed cannot tell them apart: try more."


def _once(score: float, kind: str, rival: str, pair: tuple[float, float]) -> str:
    """The standing where neither scheme draws anything, so that all seeds repeat one result and there is no test."""
    mine, theirs = pair
    word = "Above" if mine > theirs else "Below" if mine < theirs else "Equal to"
    return f"{word} {rival}: {kind} {score:.3g} against {abs(theirs):.3g}, the same in every seed, so no test applies."


def _pairs(trials: Sequence[Trial], rivals: Sequence[Trial]) -> list[tuple[float, float]]:
    """The scores of both on their common seeds."""
    theirs = {trial.seed: _score(trial) for trial in rivals}
    return [(_score(trial), theirs[trial.seed]) for trial in trials if trial.seed in theirs]
