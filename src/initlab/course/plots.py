"""The course's two figures. They draw on pyplot's current axes, and never wait for a window to be closed."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from initlab.errors import DataError
from initlab.numerics.activations import Floats

if TYPE_CHECKING:
    from matplotlib.axes import Axes

GRID_STEP = 0.01
MARGIN = 1.0


def plot_decision_boundary(model: Callable[[Floats], npt.NDArray], X: Floats, y: npt.ArrayLike) -> "Axes":  # type: ignore[type-arg]
    """Colour the plane by what a model says of each point, and draw the examples X, (2, m), with labels y, over it.

    `model` maps points in rows, (points, 2), to one value each; the plane reaches 1 beyond the data and is sampled
    every 0.01. Returns the axes. Raises DataError when X does not have two rows.

    >>> import matplotlib; matplotlib.use("agg")
    >>> axes = plot_decision_boundary(lambda points: points[:, 0] > 0, np.eye(2), [[0, 1]])
    >>> axes.get_xlabel(), axes.get_ylabel()
    ('x1', 'x2')
    >>> import matplotlib.pyplot as plt; plt.close()
    """
    import matplotlib.pyplot as plt

    if X.ndim != 2 or X.shape[0] != 2:
        raise DataError(f"X must be (2, m) to be drawn in the plane, got shape {X.shape}.")
    low, high = X.min(axis=1) - MARGIN, X.max(axis=1) + MARGIN
    xs, ys = np.meshgrid(*(np.arange(a, b, GRID_STEP) for a, b in zip(low, high, strict=True)))
    values = np.asarray(model(np.column_stack([xs.ravel(), ys.ravel()])), dtype=np.float64).reshape(xs.shape)
    axes = plt.gca()
    axes.contourf(xs, ys, values, cmap="Spectral")
    axes.scatter(X[0], X[1], c=np.ravel(y), cmap="Spectral", edgecolors="black", linewidths=0.3)
    axes.set(xlabel="x1", ylabel="x2")
    return axes


def plot_costs(costs: Sequence[float], learning_rate: float) -> "Axes":
    """Draw the costs noted every 1000 iterations. Returns the axes.

    The course labels the axis "per hundreds", which is a slip, and leaves out an infinite cost, so that its curve
    silently begins late. Here the axis says thousands, and a triangle at the top stands for a cost that is not finite.

    >>> import matplotlib; matplotlib.use("agg")
    >>> plot_costs([float("inf"), 0.62, 0.59], learning_rate=0.01).get_xlabel()
    'iterations (in thousands)'
    >>> import matplotlib.pyplot as plt; plt.close()
    """
    import matplotlib.pyplot as plt

    axes = plt.gca()
    values = np.array(costs, dtype=np.float64)
    axes.plot(np.where(np.isfinite(values), values, np.nan))
    for thousand in np.flatnonzero(~np.isfinite(values)):
        axes.plot(thousand, 0.97, "^", color="black", transform=axes.get_xaxis_transform())
        axes.annotate(f" {values[thousand]}", (thousand, 0.95), xycoords=axes.get_xaxis_transform(), va="top")
    axes.set(xlabel="iterations (in thousands)", ylabel="cost", title=f"Learning rate = {learning_rate}")
    return axes
