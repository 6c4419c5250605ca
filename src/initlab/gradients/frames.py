"""The data behind a cost: as stated, or as the cost holds them, in one form: examples as columns, W (out, in)."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from initlab.gradients.case import Array, GradientCase
from initlab.gradients.held import held
from initlab.gradients.layers import Layer
from initlab.numerics.activations import Activation

LARGEST = 2_000_000
"""Networks and batches with more numbers than this are not replayed."""

Forward = tuple[dict[int, Array], dict[int, Array], dict[int, Array]]
"""Z, H before dropout, and A after it, of every layer; A[0] is X."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """Data that fit the parameters. `rows` says that the user's examples are rows, and the weights transposed."""

    layers: tuple[Layer, ...]
    X: Array
    Y: Array
    masks: Mapping[int, Array | None]
    rows: bool

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
        chained = all(after[1] == before[0] for before, after in pairwise(shapes))
        if x.shape[0] == shapes[0][1] and chained and y is not None:
            for masks in _masks(case, [shape[0] for shape in shapes[:-1]], x.shape[1], rows=rows):
                yield Frame(layers=layers, X=x.astype(np.float64), Y=y, masks=masks, rows=rows)


def _targets(Y: Array, outputs: int, examples: int, *, rows: bool) -> Array | None:
    """Y as (outputs, examples): as it is, transposed, a row of labels, or class numbers."""
    if Y.shape == ((examples, outputs) if rows else (outputs, examples)):
        return (Y.T if rows else Y).astype(np.float64)
    if Y.size == examples and outputs == 1:
        return Y.reshape(1, -1).astype(np.float64)
    if Y.size == examples and Y.dtype.kind in "iu" and Y.min() >= 0 and Y.max() < outputs:
        return np.asarray(np.eye(outputs)[:, Y.ravel()])
    return None


def _masks(case: GradientCase, widths: list[int], examples: int, *, rows: bool) -> Iterator[dict[int, Array | None]]:
    """The dropout masks as factors, 0 or 1/keep: as stated, none, or as the cost holds them, one of each shape."""
    keep = case.keep or 1.0
    if case.masks is not None:
        stated = zip(range(1, len(widths) + 1), case.masks, strict=False)
        yield {number: None if mask is None else _factor(mask, keep, rows=rows) for number, mask in stated}
        return
    yield {}
    if keep < 1:
        arrays = [value for _, value in held(case.cost) if isinstance(value, np.ndarray) and value.ndim == 2]
        arrays = [each for each in arrays if len(np.unique(each)) == 2 and each.min() == 0]
        found: dict[int, Array | None] = {}
        for number, width in enumerate(widths, 1):
            shape = (examples, width) if rows else (width, examples)
            fits = [each for each in arrays if each.shape == shape and id(each) not in map(id, found.values())]
            found[number] = fits[0] if fits else None
        if any(each is not None for each in found.values()):
            yield {n: None if each is None else _factor(each, keep, rows=rows) for n, each in found.items()}


def _factor(mask: Array, keep: float, *, rows: bool) -> Array:
    factor = np.asarray(mask, dtype=np.float64)
    factor = factor.T if rows else factor
    return factor / keep if factor.max() <= 1 else factor
