"""A comparison told in words: what was asked, what came of it, and what to keep in mind."""

import math
from collections.abc import Iterator
from dataclasses import fields

from initlab.experiments.result import Comparison, SchemeResult, Spread
from initlab.laws import Constant, Law
from initlab.render.numerals import number, percent
from initlab.words import listed


def classifies(comparison: Comparison) -> bool:
    """Whether there are accuracies to speak of."""
    return not math.isnan(comparison.data.chance_accuracy)


def title(comparison: Comparison) -> str:
    """What was done, in one line."""
    depth, count = len(comparison.experiment.layers) + 1, len(comparison.schemes)
    network = f"{comparison.network} network" if depth <= 6 else f"Network of {depth} layers"
    what = f"{network} on {comparison.data.name}: {count} {'initialization' if count == 1 else 'initializations'}"
    return f"{comparison.experiment.title}: {what}" if comparison.experiment.title else what


def lead(comparison: Comparison) -> str:
    """The outcome, in one paragraph."""
    done = [entry for entry in comparison.schemes if entry.trials]
    if not done:
        return "The run was stopped before any network had finished, so there is nothing to compare yet."
    seeds = max(len(entry.trials) for entry in done)
    once = "from one seed" if seeds == 1 else f"from the same {seeds} seeds"
    about = comparison.experiment.about or ""
    parts = [about, f"The same network was trained under each scheme {once}.", _best(comparison, done)]
    parts += [_failed(done, "diverged", "diverged"), _failed(done, "stalled", "ended no better than chance")]
    return " ".join(part for part in parts if part)


def _best(comparison: Comparison, done: list[SchemeResult]) -> str:
    """The schemes of the best median on the test set, among those that learned with more than half of their seeds."""
    able = [entry for entry in done if entry.diverged + entry.stalled < 0.5]
    if not able:
        return "No scheme learned with most of its seeds."
    if classifies(comparison):
        top = max(entry.test_accuracy.median for entry in able)
        names = [entry.scheme for entry in able if entry.test_accuracy.median == top]
        return f"{listed(names)} had the highest median test accuracy, {percent(top)}."
    low = min(entry.test_loss.median for entry in able)
    names = [entry.scheme for entry in able if entry.test_loss.median == low]
    return f"{listed(names)} had the lowest median test loss, {number(low)}."


def _failed(done: list[SchemeResult], status: str, words: str) -> str:
    counts = [(entry, sum(trial.status == status for trial in entry.trials)) for entry in done]
    told = [f"{entry.scheme} with {count} of {len(entry.trials)} seeds" for entry, count in counts if count]
    return f"{listed(told)} {words}." if told else ""


def facts(comparison: Comparison) -> Iterator[tuple[str, str]]:
    """Network, data and recipe, by name."""
    asked, data = comparison.experiment, comparison.data
    yield "Network", f"{comparison.network} (units from input to output), {asked.activation} in the hidden layers"
    sizes = f"{data.train_examples} examples to train, {data.test_examples} to test"
    yield "Data", f"{data.name}: {sizes}, {_what(data.features, data.classes)}"
    yield "Training", f"{_optimizer(comparison)}, {asked.iterations} iterations, {asked.dtype}"
    yield "Seeds", f"{asked.seed}" if asked.seeds == 1 else f"{asked.seed} to {asked.seed + asked.seeds - 1}"
    yield "Chance", _chance(comparison)


def _what(features: int, classes: tuple[str, ...]) -> str:
    counted = f"{features} {'feature' if features == 1 else 'features'}"
    return f"{counted}, {len(classes)} classes" if classes else f"{counted}, a number to predict"


def _optimizer(comparison: Comparison) -> str:
    asked = comparison.experiment
    batch = "the full batch" if asked.batch_size is None else f"batches of {asked.batch_size}"
    extras = [f"L2 penalty {number(asked.l2)}"] if asked.l2 else []
    extras += [f"dropout that keeps {percent(asked.keep)}"] if asked.keep < 1 else []
    return ", ".join([f"{asked.optimizer} on {batch}, learning rate {number(asked.learning_rate)}", *extras])


def _chance(comparison: Comparison) -> str:
    data = comparison.data
    if classifies(comparison):
        return f"accuracy {percent(data.chance_accuracy)}, loss {number(data.chance_loss)}: always answering alike"
    return f"loss {number(data.chance_loss)}: always answering with the mean"


def notes(comparison: Comparison) -> Iterator[str]:
    """What a reader should know before believing a figure."""
    if comparison.interrupted:
        yield "The run was interrupted: only finished trials count, and schemes may have different numbers of seeds."
    yield "One seed gives every scheme the same batches and masks, so that schemes can be compared seed by seed."
    yield "Figures are medians over the seeds, with the lowest and the highest in brackets; one seed alone can mislead."
    yield "Diverged: a loss or weight stopped being finite. Stalled: no better than chance at the end."
    if not classifies(comparison):
        yield "The target is a number, so there is no accuracy; losses are half the mean squared error."
    if any(entry.diverged for entry in comparison.schemes):
        yield "A loss that is not finite counts as infinitely large in medians and ranges, and is never left out."


def spread(figure: Spread, *, share: bool) -> tuple[str, str]:
    """A median and its range, as numbers or in per cent.

    >>> spread(Spread(median=0.98, low=0.5, high=1.0), share=True)
    ('98 %', '[50 %, 100 %]')
    """
    write = percent if share else number
    return write(figure.median), f"[{write(figure.low)}, {write(figure.high)}]"


def failures(entry: SchemeResult) -> tuple[str, ...]:
    """How many seeds diverged and how many stalled, each if any did."""
    total = len(entry.trials)
    counts = {kind: sum(trial.status == kind for trial in entry.trials) for kind in ("diverged", "stalled")}
    return tuple(f"{count} of {total} {kind}" for kind, count in counts.items() if count)


def laws(entry: SchemeResult) -> dict[str, str]:
    """Each law in words, and the parameters that were drawn from it."""
    groups: dict[str, list[str]] = {}
    for parameter, law in entry.laws.items():
        groups.setdefault(law_in_words(law), []).append(parameter)
    return {words: _parameters(names) for words, names in groups.items()}


def _parameters(names: list[str]) -> str:
    return ", ".join(names) if len(names) <= 6 else f"{', '.join(names[:3])} … {names[-1]} ({len(names)})"


def law_in_words(law: Law) -> str:
    """The law by name, with its parameters.

    >>> law_in_words(Constant(value=0.5))
    'constant: value 0.5'
    """
    name = "".join(f" {letter.lower()}" if letter.isupper() else letter for letter in type(law).__name__).strip()
    told = [
        _field(field.name, getattr(law, field.name))
        for field in fields(law)
        if getattr(law, field.name) != field.default
    ]
    known = {field.name for field in fields(law)}
    told += [] if "std" in known or isinstance(law, Constant) else [f"std {number(law.std)}"]
    return f"{name}: {', '.join(told)}"


def _field(name: str, value: object) -> str:
    if isinstance(value, Law):
        return f"{name} of {law_in_words(value)}"
    return f"{name.replace('_', ' ')} {number(value) if isinstance(value, (int, float)) else value}"
