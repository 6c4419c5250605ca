"""A moment of a live run as the document that the page draws: numbers, ready to be shown."""

import base64
from collections.abc import Iterator
from typing import Any

import numpy as np
from fastapi.responses import Response
from pydantic_core import to_json

from initlab.experiments.forecast import Forecast
from initlab.experiments.live import Moment, SchemeMoment
from initlab.experiments.result import Spread
from initlab.network.inspect import DECADES, PER_DECADE, Edges, Kind, LayerView
from initlab.numerics.activations import Floats
from initlab.render.json import plain

DEEPEST_DIAGRAM = 8
"""Layers of weights up to which the network diagram's edges are sent."""

LOST = 255
"""The grey that stands for a boundary value that is not finite; the others are 0 to 254."""


def encode(document: object) -> bytes:
    """A document as strict JSON; what is not finite is text."""
    return bytes(to_json(document, inf_nan_mode="strings"))


def answer(document: object, status: int = 200) -> Response:
    """A document as an answer."""
    return Response(encode(document), status_code=status, media_type="application/json")


def frame(moment: Moment, *, classes: int, details: bool = True) -> dict[str, Any]:
    """One moment; without `details`, only what the curves need."""
    schemes = [_scheme(scheme, classes=classes, details=details) for scheme in moment.schemes]
    return {"number": moment.number, "step": moment.step, "details": details, "schemes": schemes}


def _scheme(scheme: SchemeMoment, *, classes: int, details: bool) -> dict[str, Any]:
    document: dict[str, Any] = {
        "train_loss": triple(scheme.train_loss),
        "test_loss": triple(scheme.test_loss),
        "train_accuracy": triple(scheme.train_accuracy),
        "test_accuracy": triple(scheme.test_accuracy),
        "lost": scheme.lost,
    }
    if not details:
        return document
    layers = scheme.view.layers
    return document | {
        "layers": [_layer(layer) for layer in layers],
        "histograms": {str(number): _histograms(layer) for number, layer in enumerate(layers, 1) if layer.histograms},
        "boundary": None if scheme.boundary is None else _grey(scheme.boundary, classes),
        "edges": [_edges(edges) for edges in scheme.view.edges] if len(layers) <= DEEPEST_DIAGRAM else None,
    }


def triple(spread: Spread) -> list[Any]:
    """Median, lowest and highest."""
    return [plain(value) for value in (spread.median, spread.low, spread.high)]


def _layer(view: LayerView) -> dict[str, Any]:
    layer = view.layer
    return {
        "units": layer.units,
        "forward": plain(layer.forward_std),
        "backward": plain(layer.backward_std),
        "distinct": layer.distinct,
        "dead": layer.dead,
        "saturated": plain(round(view.saturated, 4)),
    }


def _histograms(view: LayerView) -> dict[str, Any]:
    return {
        kind: {"zero": found.zero, "lost": found.lost, "total": found.total, "counts": found.counts.tolist()}
        for kind, found in view.histograms.items()
    }


def scales() -> dict[Kind, dict[str, int]]:
    """What the bins of the histograms mean: `bins` a decade, from 10^low to 10^high, for either sign."""
    return {kind: {"low": low, "high": high, "bins": PER_DECADE} for kind, (low, high) in DECADES.items()}


def _grey(values: Floats, classes: int) -> str:
    """A grid as base64 bytes, row by row from the lowest: 0 for the first class, 254 for the last."""
    finite = np.isfinite(values)
    scaled = np.where(finite, values, 0) / max(1, classes - 1) * (LOST - 1)
    greys = np.where(finite, np.rint(np.clip(scaled, 0, LOST - 1)), LOST).astype(np.uint8)
    return base64.b64encode(greys.tobytes()).decode()


def _edges(edges: Edges) -> dict[str, Any]:
    return {"weights": _rounded(edges.weights), "gradients": _rounded(edges.gradients)}


def _rounded(values: Floats) -> list[list[float | str]]:
    return [[plain(float(f"{value:.4g}")) for value in row] for row in values.tolist()]


def forecast(found: Forecast) -> dict[str, Any]:
    """What the theory expects of one scheme."""
    layers = found.prediction.layers if found.prediction else ()
    return {
        "scheme": found.scheme,
        "why_not": found.why_not,
        "sigma_w2": plain(found.sigma_w2),
        "sigma_b2": plain(found.sigma_b2),
        "forward": [plain([layer.forward_std, *layer.forward_band]) for layer in layers],
        "backward": [plain([layer.backward_std, *layer.backward_band]) for layer in layers],
    }


def event(name: str, data: bytes, number: int | None = None) -> bytes:
    """One server-sent event; its number is what a reader gives back to resume."""
    return b"".join(_lines(name, data, number))


def _lines(name: str, data: bytes, number: int | None) -> Iterator[bytes]:
    if number is not None:
        yield f"id: {number}\n".encode()
    yield f"event: {name}\ndata: ".encode() + data + b"\n\n"
