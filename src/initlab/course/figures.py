"""Every published or computed figure, with the one obtained here set beside it."""

from collections.abc import Iterator, Mapping, Sequence

from initlab.course import published
from initlab.course.initialization import initialize
from initlab.course.tolerances import EXACT, ONE_PASS, PRINTED, Tolerance, cost_tolerance
from initlab.course.training import CHECKPOINT
from initlab.experiments.course_result import CourseRun, Figure, Source, Subject
from initlab.numerics.activations import Floats


def data_figures(data: Mapping[str, Floats]) -> Iterator[Figure]:
    """The first three examples of train_X and test_X."""
    for name, expected in published.FIRST_POINTS.items():
        for feature, (values, here) in enumerate(zip(expected, data[name], strict=True), start=1):
            yield from _row("data", "", f"{name} x{feature}", "computed", ONE_PASS, values, here[: len(values)])


def parameter_figures() -> Iterator[Figure]:
    """The parameters that the initializations print for small widths, row by row."""
    for name, widths, expected in published.PARAMETERS:
        parameters = initialize(name, widths)
        for parameter, rows in expected.items():
            for number, (values, here) in enumerate(zip(rows, parameters[parameter], strict=True)):
                label = f"{'-'.join(map(str, widths))} {parameter}[{number}]"
                yield from _row("parameters", name, label, "published", PRINTED, values, here)


def run_figures(run: CourseRun) -> Iterator[Figure]:
    """Everything expected of one training run."""
    yield from _step_zero_figures(run)
    yield from _cost_figures(run)
    yield from _accuracy_figures(run)


def _step_zero_figures(run: CourseRun) -> Iterator[Figure]:
    expected, here, name = published.STEP_ZERO[run.initialization], run.step_zero, run.initialization
    rows = (
        ("std z", ONE_PASS, expected.std_z, here.std_z),
        ("|dW|", ONE_PASS, expected.gradient_norms, here.gradient_norms),
        ("dead units", EXACT, expected.dead, here.dead),
        ("active", ONE_PASS, expected.active, here.active),
        ("saturated", EXACT, (expected.saturated,), (here.saturated,)),
    )
    for row, tolerance, values, found in rows:
        yield from _row("step zero", name, row, "computed", tolerance, values, found)
    if name == "random":
        stable = (published.STABLE_FIRST_COST,), (run.stable_first_cost,)
        yield from _row("step zero", name, "stable cost", "computed", ONE_PASS, *stable)


def _cost_figures(run: CourseRun) -> Iterator[Figure]:
    name = run.initialization
    here = {number * CHECKPOINT: cost for number, cost in enumerate((*run.costs, run.final_cost))}
    printed = {number * CHECKPOINT: cost for number, cost in enumerate(published.COSTS.get(name, ()))}
    sources: tuple[tuple[Source, Mapping[int, float]], ...] = (
        ("published", printed),
        ("computed", published.COMPUTED_COSTS[name]),
    )
    for source, costs in sources:
        for iteration, cost in costs.items():
            tolerance = cost_tolerance(name, iteration)
            yield from _row("cost", name, str(iteration), source, tolerance, (cost,), (here[iteration],))


def _accuracy_figures(run: CourseRun) -> Iterator[Figure]:
    name = run.initialization
    source: Source = "published" if name in published.ACCURACIES else "computed"
    train, test = published.ACCURACIES.get(name) or published.COMPUTED_ACCURACIES[name]
    yield from _row("accuracy", name, "train", source, EXACT, (train,), (run.train_accuracy,))
    yield from _row("accuracy", name, "test", source, EXACT, (test,), (run.test_accuracy,))


def _row(
    subject: Subject,
    initialization: str,
    row: str,
    source: Source,
    tolerance: Tolerance,
    expected: Sequence[float],
    here: Sequence[float] | Floats,
) -> Iterator[Figure]:
    for column, (value, found) in enumerate(zip(expected, here, strict=True), start=1):
        yield Figure(
            subject=subject,
            initialization=initialization,
            row=row,
            column=str(column),
            source=source,
            expected=float(value),
            here=float(found),
            rtol=tolerance.rtol,
            atol=tolerance.atol,
        )
