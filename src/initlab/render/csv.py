"""The curves of a comparison as CSV: one row a scheme, seed and checkpoint."""

import csv
import io

from initlab.experiments.result import Comparison

COLUMNS = ("scheme", "seed", "iteration", "train_loss", "test_loss", "train_accuracy", "test_accuracy")


def curves(result: Comparison) -> str:
    """All curves, with one last column a hidden layer: how many distinct units it has."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    hidden = len(result.experiment.layers)
    writer.writerow([*COLUMNS, *(f"distinct_units_{layer + 1}" for layer in range(hidden))])
    for scheme in result.schemes:
        for trial in scheme.trials:
            curve = trial.curve
            figures = (curve.iteration, curve.train_loss, curve.test_loss, curve.train_accuracy, curve.test_accuracy)
            for row, *numbers in zip(curve.distinct[:, :hidden], *figures, strict=True):
                writer.writerow([scheme.scheme, trial.seed, *(number.item() for number in numbers), *row.tolist()])
    return text.getvalue()
