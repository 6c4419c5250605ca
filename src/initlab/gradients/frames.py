"""The data behind a cost: as stated, or as the cost holds them, in one form: examples as columns, W (out, in)."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from initlab.gradients.case import Array, GradientCase
from initlab.gradients.held import held
from initlab.gradients.layers import Layer, fits
from initlab.numerics.activations import Activation

LARGEST = 2_000_000
"""Networks and batches with more numbers than this are not replayed."""

MOST_KEEPS = 3
"""How many numbers within reach are tried for keep."""

Forward = tuple[dict[int, Array], dict[int, Array], dict[int, Array]]
"""Z, H before dropout, and A after it, of every layer; A[0] is X."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """Data that fit the parameters. `rows` says that the user's examples are rows, and the weights transposed.

    `keep` is as stated, or as the masks have it; 1 without dropout.
    """

    layers: tuple[Layer, ...]
    X: Array
    Y: Array
    masks: Mapping[int, Array | None]
    rows: bool
    keep: float = 1.0

    def weights(self, theta: Mapping[str, Array]) -> tuple[dict[int, Array], dict[int, Array | None]]:
        """W and b of every layer."""
        W = {each.number: theta[each.weight].T if self.rows else theta[each.weight] for each in self.layers}
        b = {each.number: None if each.bias is None else theta[each.bias].reshape(-1, 1) for each in self.layers}
        return W, b

    def forward(self, theta: Mapping[str, Array], phi: Activation) -> Forward:
        """The forward pass; the last layer has no activation."""
        W, b = self.weights(theta)
        Z, H, A = {}, {}, {0: self.X}
        for layer in range(1, len(self.layers) + 1):
            bias, mask = b[layer], self.masks.get(layer)
            Z[layer] = W[layer] @ A[layer - 1] + (0.0 if bias is None else bias)
            H[layer] = Z[layer] if layer == len(self.layers) else phi.function(Z[layer])
            A[layer] = H[layer] if mask is None else H[layer] * mask
        return Z, H, A


def frames_of(case: GradientCase, theta: Mapping[str, Array], layers: tuple[Layer, ...]) -> Iterator[Frame]:
    """The data as stated, or every pair of arrays that the cost holds and that fits the parameters."""
    if len(case.data) >= 2:
        pairs = [(case.data[0], case.data[1])]
    else:
        arrays = [value for _, value in held(case.cost) if isinstance(value, np.ndarray)]
        pairs = [(x, y) for x in arrays for y in arrays if x is not y and x.ndim == 2]
    for x, y in pairs:
        yield from _frames(case, theta, layers, np.asarray(x), np.asarray(y))


def _frames(
    case: GradientCase, theta: Mapping[str, Array], layers: tuple[Layer, ...], X: Array, Y: Array
) -> Iterator[Frame]:
    size = X.size + sum(value.size for value in theta.values())
    if X.ndim != 2 or X.dtype.kind not in "fiub" or Y.dtype.kind not in "fiub" or size > LARGEST:
        return
    for rows in (False, True):
        shapes = [theta[each.weight].shape[:: -1 if rows else 1] for each in layers]
        x = X.T if rows else X
        y = _targets(Y, shapes[-1][0], x.shape[1], rows=rows)
        if x.shape[0] == shapes[0][1] and fits(theta, layers, rows=rows) and y is not None:
            for masks, keep in _masks(case, [shape[0] for shape in shapes[:-1]], x.shape[1], rows=rows):
                yield Frame(layers=layers, X=x.astype(np.float64), Y=y, masks=masks, rows=rows, keep=keep)


def _targets(Y: Array, outputs: int, examples: int, *, rows: bool) -> Array | None:
    """Y as (outputs, examples): as it is, transposed, a row of labels, or class numbers."""
    own = (examples, outputs) if rows else (outputs, examples)
    if Y.shape == own:
        return (Y.T if rows else Y).astype(np.float64)
    if Y.shape == own[::-1]:
        return (Y if rows else Y.T).astype(np.float64)
    if Y.size == examples and outputs == 1:
        return Y.reshape(1, -1).astype(np.float64)
    if Y.size == examples and Y.dtype.kind in "iu" and Y.min() >= 0 and Y.max() < outputs:
        return np.asarray(np.eye(outputs)[:, Y.ravel()])
    return None


Masks = dict[int, Array | None]


def _masks(case: GradientCase, widths: list[int], examples: int, *, rows: bool) -> Iterator[tuple[Masks, float]]:
    """The dropout masks as factors, 0 or 1/keep: as stated, none, or as the cost holds them, one of each shape."""
    if case.masks is not None:
        stated = dict(zip(range(1, len(widths) + 1), map(_array, case.masks), strict=False))
        yield from _as_factors(case, stated, rows=rows)
        return
    yield {}, case.keep or 1.0
    arrays = [value for _, value in held(case.cost) if isinstance(value, np.ndarray) and value.ndim == 2]
    arrays = [each for each in arrays if each.size and each.min() == 0 and len(np.unique(each)) == 2]
    found: Masks = {}
    for number, width in enumerate(widths, 1):
        shape = (examples, width) if rows else (width, examples)
        fit = [each for each in arrays if each.shape == shape and id(each) not in map(id, found.values())]
        found[number] = fit[0] if fit else None
    if any(each is not None for each in found.values()):
        yield from _as_factors(case, found, rows=rows)


def _array(mask: object) -> Array | None:
    return None if mask is None else np.asarray(mask)


def _as_factors(case: GradientCase, masks: Masks, *, rows: bool) -> Iterator[tuple[Masks, float]]:
    """Masks of 0 and 1 divided by keep: as stated, a number within reach, or 1; of 0 and 1/keep as they are."""
    largest = max((float(each.max()) for each in masks.values() if each is not None), default=1.0)
    keeps = [case.keep] if case.keep else [1 / largest] if largest > 1 else [*_numbers(case), 1.0]
    for keep in keeps:
        yield {n: None if each is None else _factor(each, keep, rows=rows) for n, each in masks.items()}, keep


def _numbers(case: GradientCase) -> list[float]:
    """The numbers within reach of the cost that may be a probability."""
    found = (value for _, value in held(case.cost) if isinstance(value, float) and 0.1 <= value < 1)
    return list(dict.fromkeys(found))[:MOST_KEEPS]


def _factor(mask: Array, keep: float, *, rows: bool) -> Array:
    factor = np.asarray(mask, dtype=np.float64)
    factor = factor.T if rows else factor
    return factor / keep if factor.max() <= 1 else factor
