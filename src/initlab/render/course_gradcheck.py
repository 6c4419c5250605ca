"""The course's gradient checks, published and here, beside what initlab says: as text, and as a document."""

from typing import Any

from rich import box
from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from initlab.gradients.course_result import CourseCheck, CourseChecks
from initlab.gradients.report import GradientReport
from initlab.render.gradcheck import ADVICE, STYLE
from initlab.render.json import heading
from initlab.render.numerals import number

NOTES = (
    "The right gradients give 1.19e-7, above the course's threshold of 1e-7: it is the rounding of J over its step of "
    "1e-7, nothing else. Later editions raise the threshold to 2e-7.",
    "One number for all parameters cannot say where a bug is, nor that dead units leave 20 of the 47 entries untested: "
    "a bug there is invisible to any gradient check at this point.",
)


def course_gradcheck(result: CourseChecks) -> RenderableType:
    """The table of figures, what initlab says of each case, and the advice."""
    table = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False)
    table.add_column("case", overflow="fold")
    for name in ("published", "here"):
        table.add_column(name, justify="right", no_wrap=True)
    table.add_column("")
    table.add_column("the course says")
    table.add_row("cost of the network", f"{result.published_cost:.10g}", f"{result.cost:.10g}", Text("ok"), "")
    for check in result.checks:
        mark = Text("ok", style="green") if check.reproduced else Text("DIFFERS", style="bold red")
        table.add_row(check.name, f"{check.published:.10g}", f"{check.here:.10g}", mark, check.course_verdict)
    said = [line for check in result.checks for line in _said(check)]
    verdict = (
        Text("All published figures are reproduced.", style="bold green")
        if result.reproduced
        else Text("A published figure differs.", style="bold red")
    )
    title = Text("The course's exercise on gradient checking: 47 parameters, 4-5-3-1", style="bold")
    bullets = [_bullet(note) for note in (*NOTES, *ADVICE)]
    said_title = Text("\nWhat initlab says of the same code", style="bold")
    return Group(title, Text(), table, said_title, *said, Text(), *bullets, Text(), verdict)


def _said(check: CourseCheck) -> list[RenderableType]:
    report = check.report
    head = Text.assemble("  ", check.name, ": ", (report.verdict, STYLE[report.verdict]), ", ", _detail(report))
    mistakes = [Text(f"    {m.site}: {m.text}{f'; write {m.line}' if m.line else ''}") for m in report.mistakes]
    return [head, *mistakes]


def _detail(report: GradientReport) -> str:
    tested = f"{report.tested} of {report.total} tested"
    if report.verdict != "PASS":
        return tested
    return f"{tested}, no error above {number(max(block.resolution or 0.0 for block in report.blocks))}"


def _bullet(note: str) -> RenderableType:
    grid = Table.grid(padding=(0, 1))
    grid.add_row("-", note)
    return Padding(grid, (0, 0, 0, 1))


def document(result: CourseChecks) -> dict[str, Any]:
    """The document of `initlab course gradcheck --json`."""
    return {
        **heading("course-gradcheck"),
        "seed": 1,
        "configuration": {"layers": [4, 5, 3, 1], "examples": 3, "epsilon": 1e-7},
        "reproduced": result.reproduced,
        "cost": {"published": result.published_cost, "here": result.cost},
        "checks": [_check(check) for check in result.checks],
        "notes": [*NOTES, *ADVICE],
    }


def _check(check: CourseCheck) -> dict[str, Any]:
    return {
        "case": check.name,
        "published": check.published,
        "here": check.here,
        "rtol": check.rtol,
        "verdict": "reproduced" if check.reproduced else "differs",
        "course": check.course_verdict,
        "initlab": {
            "verdict": check.report.verdict,
            "tested": check.report.tested,
            "total": check.report.total,
            "mistakes": check.report.mistakes,
            "resolutions": {block.name: block.resolution for block in check.report.blocks},
        },
    }
