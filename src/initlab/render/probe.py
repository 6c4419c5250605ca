"""A probe as text, as a document, and as the arrays of an NPZ file."""

import io
from typing import Any

import numpy as np
from rich import box
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from initlab.gradients.probe import Probe
from initlab.render.json import heading
from initlab.render.numerals import percent

UNCHECKABLE = 0.5
"""A start that hides more than this share of the mistakes makes a network uncheckable."""

SHOWN = 3
NEXT = "With -o probe.npz it is written (X, Y, D1, ..., W1, b1, ..., lam, keep): run your own code on np.load of that."


def probe(found: Probe) -> RenderableType:
    """The choice, and what other starts would hide."""
    net = found.architecture
    title = Text(
        f"{net.label} {net.activation}, {net.head} head: m = {found.m}, lam = {found.lam:g}, keep = {found.keep:g}"
    )
    title.stylize("bold")
    shown = f"{found.visible} of the {found.mistakes} mistakes of the catalogue show here, {_apart(found)}."
    if found.unseen:
        shown += f" Hidden: {'; '.join(found.unseen[:SHOWN])}{', ...' if len(found.unseen) > SHOWN else ''}."
    table = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False)
    table.add_column("start")
    table.add_column("hidden from any check", justify="right")
    table.add_column("")
    for each in found.hidden:
        word = Text("uncheckable", style="bold red") if each.share > UNCHECKABLE else Text("")
        table.add_row(each.start, percent(each.share), word)
    return Group(title, Text(shown), Text("From other starts:\n"), table, Text(f"\n{NEXT}"))


def _apart(found: Probe) -> str:
    if not found.alike:
        return "each with numbers of its own wherever any batch could tell"
    pairs = "pair returns" if len(found.alike) == 1 else "pairs return"
    return f"and {len(found.alike)} {pairs} the same numbers"


def document(found: Probe) -> dict[str, Any]:
    """The document of `initlab gradcheck --probe --json`."""
    net = found.architecture
    return {
        **heading("gradcheck-probe"),
        "configuration": {"widths": net.widths, "activation": net.activation, "head": net.head},
        "m": found.m,
        "lam": found.lam,
        "keep": found.keep,
        "visible": found.visible,
        "mistakes": found.mistakes,
        "unseen": found.unseen,
        "alike": found.alike,
        "hidden": found.hidden,
        "X": found.X,
        "Y": found.Y,
        "masks": found.masks,
        "parameters": found.parameters,
    }


def npz(found: Probe) -> bytes:
    """X, Y, D1, ..., W1, b1, ..., lam and keep as an NPZ file."""
    masks = {f"D{layer}": mask for layer, mask in enumerate(found.masks, 1) if mask is not None}
    arrays = {"X": found.X, "Y": found.Y, **masks, **found.parameters, "lam": found.lam, "keep": found.keep}
    file = io.BytesIO()
    np.savez(file, **{name: np.asarray(value) for name, value in arrays.items()})  # type: ignore[arg-type]
    return file.getvalue()
