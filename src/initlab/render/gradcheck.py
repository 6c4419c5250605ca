"""A gradient check as text for a terminal, and as a document for programs."""

from collections.abc import Iterator, Mapping
from typing import Any

from rich import box
from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from initlab.gradients.causes import Cause
from initlab.gradients.report import MEANING, BlockReport, GradientReport, Mistake, PointReport, Verdict
from initlab.render.json import heading
from initlab.render.numerals import number
from initlab.words import listed

STYLE: Mapping[Verdict, str] = {
    "PASS": "bold green",
    "NON-SMOOTH": "green",
    "VACUOUS": "bold yellow",
    "UNRESOLVED": "bold yellow",
    "WRONG": "bold red",
    "STATEFUL": "bold magenta",
    "NONDETERMINISTIC": "bold magenta",
}

ADVICE = (
    "A gradient check is for debugging only: it costs many forward passes, so leave it out of training.",
    "Dropout must be off, or its masks drawn once and kept. Check with the regularization term switched on.",
    "A pass at random initialization is one point: check again after some training with --points init,trained.",
)


def report(result: GradientReport) -> RenderableType:
    """The verdict, the blocks, the mistakes with the line to change, and what to know."""
    parts: list[RenderableType] = [headline(result)]
    for point in result.points:
        parts += _point(point, named=len(result.points) > 1)
    for mistake in result.mistakes:
        parts += [Text(), _mistake(mistake)]
    parts += _broken(result)
    notes = dict.fromkeys(note for point in result.points for note in point.notes)
    parts += [Text(), *(_bullet(note) for note in [*notes, *_advice(result)])]
    return Group(*parts)


def headline(result: GradientReport) -> Text:
    """The verdict, in words."""
    verdict = result.verdict
    text = Text.assemble((verdict, STYLE[verdict]), f"  {_sentence(result)}")
    if result.subject:
        text = Text.assemble((f"{result.subject}: ", ""), text)
    return text


def _sentence(result: GradientReport) -> str:
    verdict, blocks = result.verdict, result.blocks
    if any(point.gates for point in result.points):
        return f"{MEANING[verdict]}."
    if verdict in ("PASS", "NON-SMOOTH"):
        worst = max((block.resolution or 0.0) for block in blocks)
        return (
            f"no error larger than {number(worst)} of a block's gradient (99.9 % sure); "
            f"{result.tested} of {result.total} entries tested."
        )
    those = [block.name for block in blocks if block.verdict == verdict]
    right = len(blocks) - len(those)
    rest = f"; {_counted(right, 'other block is', 'other blocks are')} not" if 0 < len(those) < len(blocks) else ""
    what = {"WRONG": "the gradient is wrong", "VACUOUS": "the gradient is zero, so nothing was tested"}
    said = what.get(verdict, "an error could hide below the resolution")
    return f"{said} in {_shown(those)}{rest if verdict == 'WRONG' else ''}."


def _counted(count: int, one: str, several: str) -> str:
    return f"{count} {one if count == 1 else several}"


def _shown(names: list[str], most: int = 8) -> str:
    shown = names if len(names) <= most else [*names[: most - 1], f"{len(names) - most + 1} more"]
    return listed(shown)


def _point(point: PointReport, *, named: bool) -> Iterator[RenderableType]:
    for gate in point.gates:
        yield Text()
        yield Text.assemble((gate.verdict, STYLE[gate.verdict]), f"  {gate.text}")
        yield Text(f"    more   initlab explain {gate.cause}", style="dim")
        if gate.pinned:
            yield Text(f"With {gate.pinned} pinned, so that each call draws the same numbers:", style="dim")
    if point.blocks:
        yield Text()
        if named:
            where = "after some training" if point.point == "trained" else "at the given parameters"
            yield Text(f"{where}, cost {point.cost:.6g}", style="italic")
        yield table(point)


def _broken(result: GradientReport) -> Iterator[RenderableType]:
    """The identities that do not hold, each once."""
    broken = {each.text: each for point in result.points for each in point.identities if not each.holds}
    if broken:
        yield Text()
        yield Text("Free checks that fail (sums of products that agree between right gradients, <a, b> = Σ a·b):")
    for each in broken.values():
        yield _bullet(f"{each.text}: off by {number(each.gap)}, so one of {each.where} is wrong.")


def table(point: PointReport) -> Table:
    """One row a block."""
    drawn = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False)
    drawn.add_column("block", style="bold", overflow="fold")
    drawn.add_column("shape", overflow="fold")
    drawn.add_column("verdict", no_wrap=True)
    for name in ("off by", "resolution", "tested"):
        drawn.add_column(name, justify="right", no_wrap=True)
    drawn.add_column("what", overflow="fold")
    for block in point.blocks:
        drawn.add_row(
            block.name,
            "×".join(map(str, block.shape)) or "1",
            Text(block.verdict, style=STYLE[block.verdict]),
            number(block.gap) if block.verdict == "WRONG" else "",
            "" if block.resolution is None else number(block.resolution),
            f"{block.tested}/{block.total}",
            _what(block, point.mistakes),
        )
    return drawn


def _what(block: BlockReport, mistakes: tuple[Mistake, ...]) -> str:
    mistake = next((each for each in mistakes if block.name in each.blocks), None)
    if mistake is None:
        return block.note or ("no known mistake returns these numbers" if block.verdict == "WRONG" else "")
    return mistake.text if mistake.blocks[0] == block.name or len(mistake.blocks) == 1 else f"as {mistake.blocks[0]}"


def _mistake(mistake: Mistake) -> RenderableType:
    lines = [Text.assemble((mistake.site, "bold"), ": ", mistake.text)]
    if mistake.others:
        lines.append(Text(f"    or, with the very same numbers: {'; '.join(mistake.others)}"))
    if mistake.line:
        lines.append(Text.assemble("    write  ", (mistake.line, "bold")))
    if mistake.cause:
        lines.append(Text(f"    more   initlab explain {mistake.cause}", style="dim"))
    return Group(*lines)


def _advice(result: GradientReport) -> Iterator[str]:
    evaluations = sum(point.evaluations for point in result.points)
    yield f"{evaluations} evaluations of the cost; seed {result.seed}."
    partly = [b for b in result.blocks if b.tested < b.total and b.verdict in ("PASS", "WRONG")]
    if partly:
        missing = sum(block.total - block.tested for block in partly)
        yield (
            f"{_counted(missing, 'entry has', 'entries have')} a zero gradient here (dead units, say), so that no "
            "check can see a bug there: use more examples, or other parameters."
        )
    yield from ADVICE[:2]
    if len(result.points) == 1:
        yield ADVICE[2]


def _bullet(note: str) -> RenderableType:
    grid = Table.grid(padding=(0, 1))
    grid.add_row("-", note)
    return Padding(grid, (0, 0, 0, 1))


def document(result: GradientReport, *, configuration: Mapping[str, Any]) -> dict[str, Any]:
    """The document of `initlab gradcheck --json`."""
    return {
        **heading("gradcheck"),
        "seed": result.seed,
        "configuration": configuration,
        "verdict": result.verdict,
        "exit_code": result.exit_code,
        "tested": result.tested,
        "total": result.total,
        "blocks": [_block(block) for block in result.blocks],
        "mistakes": result.mistakes,
        "points": [_point_document(point) for point in result.points],
    }


def _block(block: BlockReport) -> dict[str, Any]:
    return {
        "name": block.name,
        "verdict": block.verdict,
        "resolution": block.resolution,
        "tested": block.tested,
        "total": block.total,
        "site": block.site,
        "cause": block.cause,
        "shape": block.shape,
        "gap": block.gap,
        "worst": block.worst,
        "note": block.note,
    }


def _point_document(point: PointReport) -> dict[str, Any]:
    return {
        "point": point.point,
        "verdict": point.verdict,
        "cost": point.cost,
        "noise": point.noise,
        "evaluations": point.evaluations,
        "screening": point.screening,
        "gates": point.gates,
        "identities": point.identities,
        "notes": point.notes,
        "blocks": [{**_block(block), "law": block.law} for block in point.blocks],
    }


def cause_document(entry: Cause) -> dict[str, Any]:
    """One cause, as programs read it."""
    return {
        "name": entry.name,
        "summary": entry.documentation.summary,
        "text": entry.documentation.body,
        **{title.lower(): body for title, body in entry.documentation.sections.items()},
        "advice": ADVICE,
    }
