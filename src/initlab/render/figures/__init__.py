"""The figures of a comparison. Each file draws one; adding a figure is a file and its row in `FIGURES`."""

from collections.abc import Mapping
from io import BytesIO
from pathlib import Path
from types import MappingProxyType

from matplotlib.figure import Figure

from initlab.experiments import store
from initlab.experiments.result import Comparison
from initlab.render.figures import boundaries, distinct, loss, products, signal
from initlab.render.figures.picture import Picture
from initlab.render.figures.style import DPI, house_style

FIGURES: Mapping[str, Picture] = MappingProxyType(
    {
        "loss": loss.PICTURE,
        "boundaries": boundaries.PICTURE,
        "signal": signal.PICTURE,
        "distinct": distinct.PICTURE,
        "products": products.PICTURE,
    }
)
"""The figures by name, in reading order. Each is a function from a comparison to a `matplotlib.figure.Figure`."""


def applicable(comparison: Comparison) -> tuple[str, ...]:
    """The names of the figures that this comparison has something to show in."""
    return tuple(name for name, picture in FIGURES.items() if picture.applies(comparison))


def png(figure: Figure) -> bytes:
    """The figure as a PNG file; the same figure gives the same bytes."""
    buffer = BytesIO()
    with house_style():
        figure.savefig(buffer, format="png", dpi=DPI, metadata={"Software": "initlab"})
    return buffer.getvalue()


def pngs(comparison: Comparison) -> dict[str, bytes]:
    """Each applicable figure as a PNG file, by name."""
    return {name: png(FIGURES[name](comparison)) for name in applicable(comparison)}


def save(comparison: Comparison, folder: Path, *, drawn: Mapping[str, bytes] | None = None) -> tuple[Path, ...]:
    """Write each applicable figure as NAME.png into a folder that exists. Raises OutputError when it cannot.

    `drawn` are the figures by name, drawn if not given. A file appears under its name only when it is complete.
    """
    files = {folder / f"{name}.png": png for name, png in (pngs(comparison) if drawn is None else drawn).items()}
    for path, content in files.items():
        store.write(path, content)
    return tuple(files)
