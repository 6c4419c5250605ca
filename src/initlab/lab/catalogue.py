"""What there is to choose from, for the page's controls: data sets, schemes, activations, presets, colours, bounds."""

import inspect
from collections.abc import Iterator
from functools import cache
from typing import Any

import numpy as np

from initlab.api.planted import BUGS, COURSE
from initlab.experiments.datasets import DRAWN, NAMES, SHIPPED, Data, circles, load
from initlab.experiments.presets import preset, preset_names
from initlab.experiments.run import EXPLODED_LOSS, STALLED_LOSS
from initlab.experiments.verdict import LEVEL, VANISHED
from initlab.lab import frames
from initlab.lab.bounds import LabExperiment, limits
from initlab.numerics.activations import ACTIVATIONS
from initlab.render import palette
from initlab.render.json import plain
from initlab.schemes import SCHEMES, Scheme
from initlab.schemes.options import OptionKind

FIRST = "course-circles"
"""The preset that a person sees first."""

ORDER = (FIRST, "playground", "deep-tanh-digits", "exploding-vanishing", "symmetry", "relu-30", "tanh-50")
"""The presets in the order in which they are read; others follow."""

POINTS = 150
"""The points of a thumbnail."""


@cache
def encoded() -> bytes:
    """The whole catalogue, ready to be sent."""
    return frames.encode(document())


def document() -> dict[str, Any]:
    """The whole catalogue."""
    return {
        "datasets": [_dataset(name) for name in ("circles", "moons", "xor", "spirals", "blobs", "digits", *_others())],
        "schemes": [_scheme(SCHEMES[name]) for name in SCHEMES],
        "aliases": {alias: name for name in SCHEMES for alias in SCHEMES.aliases(name)},
        "activations": [{"name": row.name, "formula": row.formula} for row in ACTIVATIONS.values()],
        "optimizers": ["sgd", "momentum", "adam"],
        "presets": presets(),
        "default": LabExperiment().model_dump(mode="json", exclude={"title", "about"}),
        "limits": limits(),
        "palette": {"colours": palette.SCREEN, "glyphs": palette.GLYPHS, "dashes": palette.DASHES},
        "scales": frames.scales(),
        "rules": list(rules()),
        "bugs": [{"name": name, "text": bug.text, "layers": bug.layers} for name, bug in BUGS.items()],
        "course_bugs": [{"bug": bug, "layer": layer} for bug, layer in COURSE],
    }


def _others() -> list[str]:
    return sorted(set(NAMES) - {"circles", *DRAWN, "digits"})


def rules() -> Iterator[str]:
    """The rules behind the verdicts, with their numbers."""
    yield (
        f"Stalled: the final loss is at least {STALLED_LOSS:.0%} of that of chance, and the training accuracy within "
        "two standard errors of always naming the largest class."
    )
    yield f"Diverged: a loss or weight is no longer finite, or the loss is {EXPLODED_LOSS:,.0f} times that of chance."
    yield (
        "Better or worse: a sign test over the seeds that both share, against the best median, with p below "
        f"{LEVEL:.0%} after correction for the number of pairs. One seed can never tell; five can hardly."
    )
    yield (
        f"Vanished: at step zero the signal or gradient has shrunk to less than {VANISHED:g} of its size on its way "
        "through the layers."
    )


def presets() -> list[dict[str, Any]]:
    """Every preset, with its fields; one seed, so that it is seen at once."""
    names = [*ORDER, *(name for name in preset_names() if name not in ORDER)]
    return [{"name": name, **_preset(name)} for name in names]


def _preset(name: str) -> dict[str, Any]:
    fields = preset(name)
    title, about = fields.pop("title", name), fields.pop("about", "")
    return {"title": title, "about": about, "fields": {**fields, "seeds": 1}}


@cache
def _dataset(name: str) -> dict[str, Any]:
    """A data set with its thumbnail: some pictures for the digits, or points in the plane of the first two features."""
    data = circles() if name == "circles" else load(name, target=None, seed=0, test_fraction=0.25)
    facts = {
        "name": name,
        "about": _about(name),
        "features": data.train.x.shape[1],
        "classes": len(data.train.classes),
        "examples": len(data.train.x) + len(data.test.x),
    }
    if name == "digits":
        return facts | {"pictures": (data.train.x[:4] / 16).round(2).tolist()}
    return facts | {"points": _points(data)}


def _about(name: str) -> str:
    if name in SHIPPED:
        return f"{name.replace('_', ' ').capitalize()}, as scikit-learn ships it."
    made = circles if name == "circles" else DRAWN[name]
    return (inspect.getdoc(made) or "").split("\n")[0]


def _points(data: Data) -> list[list[float]]:
    """[x, y, class], each of x and y from 0 to 1."""
    x, y = data.train.x[:, :2], data.train.y
    chosen = np.linspace(0, len(x) - 1, min(POINTS, len(x))).astype(int)
    low, high = x.min(axis=0), x.max(axis=0)
    placed = ((x - low) / np.where(high > low, high - low, 1)).round(3)
    return [[*placed[i].tolist(), int(y[i])] for i in chosen]


def _scheme(scheme: Scheme) -> dict[str, Any]:
    return {
        "name": scheme.name,
        "aliases": SCHEMES.aliases(scheme.name),
        "summary": scheme.documentation.summary,
        "formula": scheme.documentation.sections.get("Formula", ""),
        "options": [_option(kind) for kind in scheme.kinds.values()],
    }


def _option(kind: OptionKind) -> dict[str, Any]:
    return {
        "name": kind.name,
        "type": kind.type.__name__,
        "words": kind.words,
        "default": None if kind.required else plain(kind.default),
        "constraint": kind.constraint,
    }
