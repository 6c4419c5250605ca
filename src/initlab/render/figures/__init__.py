"""The figures of a comparison. Each file draws one; adding a figure is a file and its row in `FIGURES`."""

import os
import tempfile
from collections.abc import Mapping
from io import BytesIO
from pathlib import Path
from types import MappingProxyType

from matplotlib.figure import Figure

from initlab.errors import OutputError
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


def save(comparison: Comparison, folder: Path) -> tuple[Path, ...]:
    """Write each applicable figure as NAME.png into a folder that exists. Raises OutputError when it cannot.

    A file appears under its name only when it is complete.
    """
    return tuple(_write(folder / f"{name}.png", png(FIGURES[name](comparison))) for name in applicable(comparison))


def _write(path: Path, content: bytes) -> Path:
    """Write beside the file, then move it into place."""
    try:
        with tempfile.NamedTemporaryFile(dir=path.parent, prefix=f".{path.name}.", delete=False) as draft:
            draft.write(content)
        os.replace(draft.name, path)
    except OSError as error:
        raise OutputError(
            f"The folder {path.parent} must be writable, got: {error.strerror}. Choose another."
        ) from None
    return path
