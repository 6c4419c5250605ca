"""A comparison as text for a terminal: a table, the verdicts, and what to know before believing either."""

import io
import math
import textwrap
from collections.abc import Iterator

from rich import box
from rich.console import Console, Group, RenderableType
from rich.table import Table
from rich.text import Text

from initlab.experiments.result import Comparison, SchemeResult, Spread
from initlab.render import account
from initlab.schemes import Scheme


def printed(drawn: RenderableType, *, width: int = 120) -> str:
    """What rich would print, as plain text."""
    console = Console(width=width, file=io.StringIO(), force_terminal=False)
    with console.capture() as capture:
        console.print(drawn, crop=False)
    return capture.get()


def comparison(result: Comparison) -> RenderableType:
    """The comparison as something that rich can print."""
    parts: list[RenderableType] = [Text(title(result), style="bold"), Text(conditions(result))]
    if result.experiment.about:
        parts += [Text(), Text(result.experiment.about, style="italic")]
    parts.append(table(result))
    parts += [_verdict(scheme) for scheme in result.schemes]
    if result.products:
        parts += [Text(), products(result)]
    if result.interrupted:
        parts.append(Text("Interrupted: what is above comes from the trials that had finished.", style="yellow"))
    return Group(*parts)


def title(result: Comparison) -> str:
    """The network, its data and the schemes in one line."""
    experiment = result.experiment
    what = f"{result.network} {experiment.activation} network on {result.data.name}"
    return f"{experiment.title}: {what}" if experiment.title else what


def conditions(result: Comparison) -> str:
    """How the networks were trained, and what chance is, in plain words."""
    experiment, data = result.experiment, result.data
    full = experiment.batch_size is None or experiment.batch_size >= data.train_examples
    batch = "the full batch" if full else f"batches of {experiment.batch_size}"
    chance = f"chance loss {data.chance_loss:.4g}"
    if account.classifies(result):
        chance = f"chance accuracy {data.chance_accuracy:.3g}, {chance}"
    return (
        f"{experiment.iterations} steps of {experiment.optimizer}, rate {experiment.learning_rate:g}, {batch}, "
        f"{experiment.dtype}; {data.train_examples} examples to train, {data.test_examples} to test; {chance}; "
        f"seeds {experiment.seed} to {experiment.seed + experiment.seeds - 1}."
    )


def table(result: Comparison) -> Table:
    """One row a scheme: medians over the seeds with their ranges below, and the shares that failed."""
    caption = Text("median over the seeds; below it the smallest and the largest", style="dim")
    drawn = Table(box=box.SIMPLE_HEAD, caption=caption, caption_justify="left")
    drawn.add_column("scheme", style="bold", min_width=12, overflow="fold")
    for name in _columns(result):
        drawn.add_column(name, justify="right", overflow="fold")
    for scheme in result.schemes:
        drawn.add_row(scheme.scheme, *_cells(scheme, classes=account.classifies(result)))
    return drawn


def _columns(result: Comparison) -> tuple[str, ...]:
    scores = ("train\naccuracy", "test\naccuracy") if account.classifies(result) else ("test\nloss",)
    return (*scores, "final\nloss", "failed")


def _cells(scheme: SchemeResult, *, classes: bool) -> Iterator[RenderableType]:
    if classes:
        yield spread(scheme.train_accuracy, ".3f")
        yield spread(scheme.test_accuracy, ".3f")
    else:
        yield spread(scheme.test_loss, ".3g")
    yield spread(scheme.final_loss, ".3g")
    yield "\n".join(account.failures(scheme)) or "none"


def spread(values: Spread, form: str) -> Text:
    """A median, and its range on a line below.

    >>> print(spread(Spread(median=0.9, low=0.5, high=1.0), ".2f"))
    0.90
    0.50–1.00
    """
    if math.isnan(values.median):
        return Text("-")
    return Text.assemble(f"{values.median:{form}}\n", (f"{values.low:{form}}–{values.high:{form}}", "dim"))


def _verdict(scheme: SchemeResult) -> Text:
    return Text.assemble(("  " + scheme.scheme, "bold"), ": ", scheme.verdict)


def products(result: Comparison) -> Table:
    """Linear networks: the growth of the signal through the hidden layers, predicted beside measured."""
    layers = len(result.experiment.layers)
    drawn = Table(
        box=box.SIMPLE_HEAD,
        title=f"Growth of the signal through {layers} hidden layers",
        title_justify="left",
        title_style="bold",
        caption=Text("the band is that of independent weights at this width; measured over the seeds", style="dim"),
        caption_justify="left",
    )
    drawn.add_column("scheme", style="bold", min_width=12, overflow="fold")
    for name in ("predicted", "95 % band", "measured"):
        drawn.add_column(name, justify="right", no_wrap=True)
    for product in result.products:
        low, high = product.band
        drawn.add_row(
            product.scheme,
            f"{product.factor:.4g}^{layers} = {product.predicted:.4g}",
            f"{low:.3g}–{high:.3g}" if low < high else "exact",
            spread(product.measured, ".4g"),
        )
    return drawn


def scheme_line(entry: Scheme) -> str:
    """One scheme of the catalogue in two lines: how it is written, and what it does."""
    options = ", ".join(name if kind.required else f"{name}={kind.default}" for name, kind in entry.kinds.items())
    call = f"{entry.name}({options})" if options else entry.name
    return f"{call}\n{textwrap.indent(textwrap.fill(entry.documentation.summary, width=100), '    ')}"
