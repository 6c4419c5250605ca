"""Gradcheck: is a gradient right, wrong (where, and by what mistake), or is that beyond telling?"""

from collections.abc import Callable, Sequence
from dataclasses import fields
from pathlib import Path
from typing import Any

from initlab.errors import SpecError, UnknownNameError
from initlab.experiments import store
from initlab.gradients import report
from initlab.gradients.check import gradient_report
from initlab.gradients.points import read_points
from initlab.gradients.probe import Probe, design
from initlab.gradients.subject import subject_at, subject_of
from initlab.network.architecture import HEADS, Architecture
from initlab.render import gradcheck as render
from initlab.render import text


class GradientReport(report.GradientReport):
    """The result of `gradcheck`: pure data that shows itself. `assert_gradients` fails unless its `exit_code` is 0."""

    def __str__(self) -> str:
        return text.printed(render.report(self), width=88).rstrip()

    __repr__ = __str__


def gradcheck(
    f: object,
    grad: object = None,
    params: Any = None,  # noqa: ANN401
    *,
    m: int | None = None,
    lam: float | None = None,
    keep: float | None = None,
    data: Any = (),  # noqa: ANN401
    masks: Sequence[Any] | None = None,
    loss: Callable[..., Any] | None = None,
    order: int = 1,
    seed: int = 0,
    points: str | Sequence[str] = ("init",),
    every: bool = False,
    tolerance: float | None = None,
    output: str | Path | None = None,
    progress: Callable[[int, int], None] = lambda *_: None,
) -> GradientReport:
    """Check the gradients of a cost, and name the mistake where they are wrong.

    `f(params, *data)` returns a number and `grad(params, *data)` a dict like `params`, or is that dict. Or `f` is a
    GradientCase alone. What is stated besides (m examples, the L2 coefficient lam, dropout's keep, the data with
    examples as columns, the pinned masks) helps to name a mistake. `points` may add "trained" to "init"; `every`
    measures each entry; `output` is a PNG file for the figure.

    Without `grad`, `f` is a program that a framework differentiates, on a copy in float64: a torch module, with its
    inputs as `data`; an autograd Function or a JAX function, with its arguments as `params`. Its cost is
    `loss(output)`, or a fixed random combination of the outputs. `order` 2 checks the gradient of the gradient.

    >>> import numpy as np
    >>> w = {"w": np.array([1.0, -2.0, 3.0])}
    >>> found = gradcheck(lambda p: np.sum(p["w"] ** 4), lambda p: {"dw": 8 * p["w"] ** 3}, w)
    >>> found.verdict, found.mistakes[0].site
    ('WRONG', 'w')

    Raises UsageError, in one line that names the block, for what cannot be checked.
    """
    chosen = read_points(points)
    if output is not None and Path(output).suffix != ".png":
        raise SpecError(f"The figure must be a .png file, got {output}. Name it so.")
    target = None if output is None else store.prepare(Path(output).parent) / Path(output).name
    case = subject_of(f, grad, params, m=m, lam=lam, keep=keep, data=data, masks=masks, loss=loss, order=order)
    found = gradient_report(
        case,
        seed=seed,
        points=chosen,
        every=every,
        law=target is not None,
        tolerance=tolerance,
        progress=progress,
    )
    if target is not None:
        from initlab.render.figures import gradient_law, png

        store.write(target, png(gradient_law.draw(found)))
    return GradientReport(**{field.name: getattr(found, field.name) for field in fields(found)})


def gradcheck_at(place: str, *, order: int = 1, **options: Any) -> GradientReport:  # noqa: ANN401
    """Check what is at FILE.py:NAME or MODULE:NAME: a GradientCase, a model, or a function that returns one."""
    return gradcheck(subject_at(place, order=order), **options)


def design_probe(
    widths: str | Sequence[int], *, activation: str = "relu", head: str = "sigmoid", seed: int = 0
) -> Probe:
    """A batch, parameters, lam and keep on which no mistake of the catalogue is invisible, for a network of that shape.

    >>> [each.start for each in design_probe([3, 4, 2], head="softmax").hidden if each.share > 0.5]
    ['zeros', 'constant(1)']

    Raises UsageError for widths, an activation or a head that are none.
    """
    try:
        sizes = tuple(int(width) for width in (widths.split(",") if isinstance(widths, str) else widths))
    except ValueError:
        raise SpecError(f"The widths must be whole numbers like 4,5,3,1, got {widths!r}.") from None
    if head not in HEADS:
        raise UnknownNameError("head", head, HEADS)
    return design(Architecture(widths=sizes, activation=activation, head=head), seed=seed)


def assert_gradients(f: object, grad: object = None, params: Any = None, **options: Any) -> GradientReport:  # noqa: ANN401
    """For a test: raise AssertionError, with the whole report, unless the gradients pass.

    >>> import numpy as np
    >>> found = assert_gradients(lambda p: np.sum(p["w"] ** 4), lambda p: {"w": 4 * p["w"] ** 3}, {"w": np.ones(3)})
    >>> found.verdict
    'PASS'

    Takes what `gradcheck` takes. Raises UsageError for what cannot be checked.
    """
    found = gradcheck(f, grad, params, **options)
    if found.exit_code:
        raise AssertionError(f"\n{found}")
    return found
