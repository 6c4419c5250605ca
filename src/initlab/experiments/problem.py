"""An experiment bound to its data: the network, and the arrays that it is trained and tested on."""

from dataclasses import dataclass

import numpy as np

from initlab.errors import DataError
from initlab.experiments.datasets import Data, load, scaled
from initlab.experiments.result import DataFacts
from initlab.experiments.spec import Experiment
from initlab.experiments.table import Table
from initlab.network.architecture import Architecture, HeadName
from initlab.numerics.activations import Floats


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """The network of an experiment and its data, examples in columns, in the experiment's number type."""

    experiment: Experiment
    net: Architecture
    facts: DataFacts
    x: Floats
    y: Floats
    x_test: Floats
    y_test: Floats


def bind(experiment: Experiment) -> Problem:
    """Load the data of an experiment and fit the network to it.

    Raises DataError when the data cannot serve, or its labels do not fit the head.
    """
    data = load(
        experiment.data,
        target=experiment.target,
        seed=experiment.data_seed,
        test_fraction=experiment.test_fraction,
    )
    head = _head(experiment, data)
    standardise = data.standardise if experiment.standardise is None else experiment.standardise
    x, x_test = scaled(data) if standardise else (data.train.x, data.test.x)
    y, y_test = _targets(data, head, standardise=standardise)
    return Problem(
        experiment=experiment,
        net=Architecture(widths=(x.shape[1], *experiment.layers, len(y)), activation=experiment.activation, head=head),
        facts=_facts(data, x, y, head),
        x=_columns(x.T, experiment.dtype),
        y=_columns(y, experiment.dtype),
        x_test=_columns(x_test.T, experiment.dtype),
        y_test=_columns(y_test, experiment.dtype),
    )


def _columns(values: Floats, dtype: str) -> Floats:
    return np.ascontiguousarray(values, dtype=dtype)


def _head(experiment: Experiment, data: Data) -> HeadName:
    """The head asked for, or the one that fits the targets. Raises DataError when they do not go together."""
    classes, asked = data.train.classes, experiment.head
    if len(classes) == 1:
        raise DataError(f"The target of {data.name} must have two classes or more, got only {classes[0]!r}.")
    if asked in ("sigmoid", "softmax") and not classes:
        raise DataError(f"The target of {data.name} must be classes for a {asked} head, got real numbers. Use linear.")
    if asked == "sigmoid" and len(classes) > 2:
        raise DataError(f"A sigmoid head must have two classes, got {len(classes)} in {data.name}. Use softmax.")
    if asked == "linear" and not all(map(_numeric, classes)):
        raise DataError(f"A linear head must have numbers as targets, got classes like {classes[0]!r} in {data.name}.")
    return asked or ("linear" if not classes else "sigmoid" if len(classes) == 2 else "softmax")


def _numeric(label: str) -> bool:
    try:
        float(label)
    except ValueError:
        return False
    return True


def _targets(data: Data, head: HeadName, *, standardise: bool) -> tuple[Floats, Floats]:
    """Targets in rows, as the head wants them: 0 and 1, one-hot, or numbers (scaled like the features)."""
    tables: tuple[Table, Table] = (data.train, data.test)
    if head == "softmax":
        train, test = (np.eye(len(data.train.classes))[table.y].T for table in tables)
        return train, test
    if head == "sigmoid":
        return data.train.y[np.newaxis].astype(float), data.test.y[np.newaxis].astype(float)
    values = [_values(table)[np.newaxis] for table in tables]
    centre, scale = (values[0].mean(), values[0].std() or 1.0) if standardise else (0.0, 1.0)
    return (values[0] - centre) / scale, (values[1] - centre) / scale


def _values(table: Table) -> Floats:
    return np.array([float(name) for name in table.classes])[table.y] if table.classes else np.asarray(table.y)


def _facts(data: Data, x: Floats, y: Floats, head: HeadName) -> DataFacts:
    accuracy, loss = _chance(y, head)
    flat = x.shape[1] == 2 and head != "linear"
    return DataFacts(
        name=data.name,
        features=x.shape[1],
        train_examples=len(data.train.x),
        test_examples=len(data.test.x),
        classes=data.train.classes,
        chance_accuracy=accuracy,
        chance_loss=loss,
        points=x if flat else None,
        labels=data.train.y.astype(np.int64) if flat else None,
    )


def _chance(y: Floats, head: HeadName) -> tuple[float, float]:
    """Accuracy and loss of the best prediction that ignores the features: the class frequencies, or the mean."""
    if head == "linear":
        return np.nan, float(((y - y.mean()) ** 2).sum(axis=0).mean() / 2)
    share = np.array([1 - y.mean(), y.mean()]) if head == "sigmoid" else y.mean(axis=1)
    share = share[share > 0]
    return float(share.max()), float(-(share * np.log(share)).sum())
