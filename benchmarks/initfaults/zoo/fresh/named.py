"""A fresh network by its name, which is its family's too, and where faults can be put into it."""

from collections.abc import Callable

from benchmarks.initfaults.data import ROWS, Pair
from benchmarks.initfaults.net import Loss, Net, Sites
from benchmarks.initfaults.zoo.perceptrons import on
from torch import nn


def named(
    name: str, data: Callable[[], Pair], model: Callable[[], nn.Module], loss: Loss, hidden: str = "", *,
    head: str = "head", act: str = "relu", embedding: str | None = None, rows: int = ROWS, sites: Sites | None = None,
) -> Net:  # fmt: skip
    """`hidden` lists the layers from input to output, with spaces between; ".weight" is added where it is missing."""
    if hidden:
        layers = tuple(part if "weight" in part else f"{part}.weight" for part in hidden.split())
        sites = Sites(hidden=layers, head=f"{head}.weight", activation=act, embedding=embedding)
    return Net(name=name, family=name, build=lambda: on(data, model(), loss, rows), sites=sites)
