"""The course's figures, published and here: as text for a terminal, and as a document for programs."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from statistics import median
from typing import Any

from rich import box
from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from initlab.experiments.course_result import CourseResult, CourseRun, Figure, SeedSpread, Subject
from initlab.render.json import heading

REPRODUCED, DIFFERS = Text("ok", style="green"), Text("DIFFERS", style="bold red")


def course(result: CourseResult) -> RenderableType:
    """The whole result as something that rich can print."""
    parts: list[RenderableType] = [
        Text("The course's network 2-10-5-1 on its two circles", style="bold"),
        Text(f"{result.iterations} updates, rate {result.learning_rate:g}, seed {result.seed}."),
        costs(result),
        printed_parameters(result),
        step_zero(result),
    ]
    if result.spreads:
        parts.append(spreads(result))
    parts += [Text(), *(_bullet(note) for note in result.notes)]
    return Group(*parts, Text(), verdict(result))


def verdict(result: CourseResult) -> Text:
    """One sentence: what was reproduced, and what was not."""
    missed = [figure for figure in result.figures if not figure.reproduced]
    if missed:
        names = ", ".join(f"{f.initialization} {f.subject} {f.row}".strip() for f in missed[:5])
        more = " and more" if len(missed) > 5 else ""
        return Text(f"{len(missed)} of {len(result.figures)} figures differ: {names}{more}.", style="bold red")
    published = sum(figure.source == "published" for figure in result.figures)
    computed = len(result.figures) - published
    return Text(
        f"All {published} published figures are reproduced, and the {computed} computed by this project as well.",
        style="bold green",
    )


def costs(result: CourseResult) -> Table:
    """Costs and accuracies: published beside here, one row per checkpoint, and the verdict below."""
    table = _table("Costs before each update, and accuracies at the end")
    table.add_column("update")
    names = [run.initialization for run in result.runs]
    known: dict[tuple[str, Subject, str], Figure] = {
        (f.initialization, f.subject, f.row): f for f in result.figures if f.subject in ("cost", "accuracy")
    }
    printed = {name: any(f.source == "published" for (n, _, _), f in known.items() if n == name) for name in names}
    for name in names:
        for column in ("published", "here") if printed[name] else ("here",):
            table.add_column(f"{name}\n{column}", justify="right")
    for label, subject, row, values in _cost_rows(result):
        cells: list[Text] = []
        for name, here in zip(names, values, strict=True):
            cells += _pair(known.get((name, subject, row)), here, paired=printed[name])
        table.add_row(label, *cells)
    table.add_row("verdict", *_cost_verdicts(known.values(), printed))
    within = [f"{name} {_tolerance(result.figures, name)}" for name in names]
    table.caption = f"ok: accuracies are equal, and costs agree within {', '.join(within)}"
    return table


def _tolerance(figures: Iterable[Figure], initialization: str) -> str:
    """How far the costs of an initialization may be from the expected ones."""
    costs = [figure for figure in figures if figure.subject == "cost" and figure.initialization == initialization]
    low, widest = min(figure.atol for figure in costs), max(costs, key=lambda figure: figure.atol)
    return f"{low:g} ({widest.atol:g} at {widest.row})" if low else f"{costs[0].rtol:g} (relative)"


def _cost_rows(result: CourseResult) -> Iterator[tuple[str, Subject, str, list[float]]]:
    """Label, subject, row of the figure, and the value of every run."""
    step = result.iterations // len(result.runs[0].costs)
    for number, values in enumerate(zip(*(run.costs for run in result.runs), strict=True)):
        yield str(number * step), "cost", str(number * step), list(values)
        if number == 0:
            yield "0, stable", "step zero", "stable cost", [run.stable_first_cost for run in result.runs]
    yield str(result.iterations), "cost", str(result.iterations), [run.final_cost for run in result.runs]
    yield "train accuracy", "accuracy", "train", [run.train_accuracy for run in result.runs]
    yield "test accuracy", "accuracy", "test", [run.test_accuracy for run in result.runs]


def _pair(figure: Figure | None, here: float, *, paired: bool) -> Iterator[Text]:
    """The published value, where the initialization has a column for it, and the one found here."""
    if paired:
        yield Text(_number(figure.expected) if figure and figure.source == "published" else "-", style="dim")
    yield Text(_number(here), style="" if figure is None or figure.reproduced else "bold red")


def _cost_verdicts(figures: Iterable[Figure], printed: dict[str, bool]) -> Iterator[Text]:
    missed = {figure.initialization for figure in figures if not figure.reproduced}
    for name, paired in printed.items():
        yield from [Text()] * paired
        yield DIFFERS if name in missed else REPRODUCED


def printed_parameters(result: CourseResult) -> Table:
    """The parameters that the course prints for small widths; rows of nothing but zeros are counted, not shown."""
    table = _table("Parameters that the course prints", "", "", "published", "here", "verdict")
    zeros = 0
    for row in _rows(result.figures, "parameters"):
        if all(figure.reproduced and figure.expected == 0 for figure in row):
            zeros += len(row)
            continue
        expected, here = [f.expected for f in row], [f.here for f in row]
        table.add_row(row[0].initialization, row[0].row, _in_pairs(expected), _in_pairs(here), _mark(row))
    table.add_row("", f"{zeros} zeros", _in_pairs([0]), _in_pairs([0]), REPRODUCED)
    return table


def step_zero(result: CourseResult) -> Table:
    """The network before its first update: what the course does not print, beside this project's own computation."""
    columns = ("", "std of z1 z2 z3", "norm of dW1 dW2 dW3", "dead", "active", "saturated", "verdict")
    table = _table("Step zero, beside this project's own figures: the course has none", *columns)
    for run in result.runs:
        seen = run.step_zero
        figures = [f for f in result.figures if f.subject == "step zero" and f.initialization == run.initialization]
        table.add_row(
            run.initialization,
            " ".join(map(_short, seen.std_z)),
            " ".join(map(_short, seen.gradient_norms)),
            " ".join(map(str, seen.dead)),
            " ".join(f"{share:.0%}" for share in seen.active),
            f"{seen.saturated:.0%}",
            _mark(figures),
        )
    return table


def spreads(result: CourseResult) -> Table:
    """What other seeds give, beside the course's."""
    count = len(result.spreads[0].train_accuracy)
    table = _table(
        f"Other seeds, 0 to {count - 1}: median [smallest, largest]",
        "", "train accuracy", "test accuracy", f"seed {result.seed}: train", "test",
    )  # fmt: skip
    course_runs = {run.initialization: run for run in result.runs}
    for spread in result.spreads:
        run = course_runs[spread.initialization]
        table.add_row(
            spread.initialization,
            *(_range(values) for values in (spread.train_accuracy, spread.test_accuracy)),
            f"{run.train_accuracy:.3f}",
            f"{run.test_accuracy:.3f}",
        )
    return table


def document(result: CourseResult) -> dict[str, Any]:
    """The document of `initlab course --json`."""
    return {
        **heading("course"),
        "seed": result.seed,
        "configuration": {
            "layers": [2, 10, 5, 1],
            "learning_rate": result.learning_rate,
            "iterations": result.iterations,
            "seeds": len(result.spreads[0].train_accuracy) if result.spreads else 0,
        },
        "reproduced": result.reproduced,
        "initializations": {run.initialization: _run(run) for run in result.runs},
        "comparisons": [_comparison(figure) for figure in result.figures],
        "spread": {spread.initialization: _spread(spread) for spread in result.spreads},
        "notes": result.notes,
    }


def _run(run: CourseRun) -> dict[str, Any]:
    return {
        "costs": run.costs,
        "final_cost": run.final_cost,
        "stable_first_cost": run.stable_first_cost,
        "train_accuracy": run.train_accuracy,
        "test_accuracy": run.test_accuracy,
        "step_zero": run.step_zero,
    }


def _comparison(figure: Figure) -> dict[str, Any]:
    return {
        "subject": figure.subject,
        "initialization": figure.initialization,
        "row": figure.row,
        "column": figure.column,
        "source": figure.source,
        "expected": figure.expected,
        "here": figure.here,
        "rtol": figure.rtol,
        "atol": figure.atol,
        "verdict": "reproduced" if figure.reproduced else "differs",
    }


def _spread(spread: SeedSpread) -> dict[str, Any]:
    def summary(values: Sequence[float]) -> dict[str, Any]:
        return {"median": median(values), "min": min(values), "max": max(values), "values": values}

    return {
        "seeds": list(range(len(spread.train_accuracy))),
        "train_accuracy": summary(spread.train_accuracy),
        "test_accuracy": summary(spread.test_accuracy),
    }


def _rows(figures: Iterable[Figure], subject: Subject) -> Iterator[list[Figure]]:
    """The figures of one subject, a row of its table at a time."""
    chosen = (figure for figure in figures if figure.subject == subject)
    for _, row in groupby(chosen, key=lambda figure: (figure.initialization, figure.row)):
        yield list(row)


def _mark(figures: Iterable[Figure]) -> Text:
    return REPRODUCED if all(figure.reproduced for figure in figures) else DIFFERS


def _number(value: float) -> str:
    """Six decimals, or fewer where the whole part is long."""
    return f"{value:.6f}" if abs(value) < 10 else f"{value:.3f}"


def _in_pairs(values: Sequence[float]) -> str:
    """Eight decimals, as NumPy prints them, two values a line."""
    words = [f"{value:12.8f}" for value in values]
    return "\n".join(" ".join(words[start : start + 2]) for start in range(0, len(words), 2))


def _short(value: float) -> str:
    """Three digits, or all of the whole part."""
    return f"{value:.0f}" if abs(value) >= 100 else f"{value:.3g}"


def _range(values: Sequence[float]) -> str:
    return f"{median(values):.3f} [{min(values):.3f}, {max(values):.3f}]"


def _table(title: str, *columns: str) -> Table:
    """An empty table of a width that fits 80 columns."""
    table = Table(
        box=box.SIMPLE_HEAD,
        show_edge=False,
        pad_edge=False,
        padding=0,
        title=Text(f"\n{title}", style="bold"),
        title_justify="left",
        caption_justify="left",
    )
    for column in columns:
        table.add_column(column, overflow="fold")
    return table


def _bullet(note: str) -> RenderableType:
    table = Table.grid(padding=(0, 1))
    table.add_row("-", note)
    return Padding(table, (0, 0, 0, 1))
