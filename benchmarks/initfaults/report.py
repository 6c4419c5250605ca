"""The scores as Markdown: one row a checker, one row a family, and every miss and false alarm by name."""

import math
from collections.abc import Iterator

from benchmarks.initfaults.score import OWN, Score


def _percent(value: float) -> str:
    return "" if math.isnan(value) else f"{100 * value:.1f} %"


def table(scores: list[Score]) -> Iterator[str]:
    yield "| checker | false errors | false alarms | recall of the harmful | by family | paired | located | ran |"
    yield "|---|---|---|---|---|---|---|---|"
    for s in scores:
        place = _percent(s.located.value) if s.located.k else "names none"
        ran = f"not {len(s.crashed)}" if s.crashed else "all"
        yield (
            f"| {s.tool} | {s.errors} | {s.alarms} | {s.recall} | {_percent(s.macro)} | {_percent(s.paired.value)} "
            f"| {place} | {ran} |"
        )


def families(score: Score) -> Iterator[str]:
    yield "| family | harmful | found |"
    yield "|---|---|---|"
    for name, share in score.by_family.items():
        yield f"| {name} | {share.n} | {share.k} ({_percent(share.value)}) |"


def _named(title: str, names: tuple[str, ...]) -> Iterator[str]:
    yield f"\n### {title}: {len(names)}\n"
    yield from (f"- {name}" for name in names)


def text(scores: list[Score]) -> str:
    lines = [*table(scores), ""]
    for score in scores:
        if score.tool == OWN:
            lines += [*families(score), f"\nAnomalies without harm that it names as well: {score.harmless}"]
            lines.append(f"Architectures with a false alarm: {score.nets}")
            lines += _named("False alarms, by network", score.false)
            lines += _named("Misses", score.missed)
            lines += _named("Found, but elsewhere named first", score.misplaced)
            lines.append(f"\nRemedy of the first finding proven to clear it: {score.proven}")
            lines += _named("Found, but the first remedy not proven", score.unproven)
            lines += _named("Bugs of public threads", score.threads)
            lines += _named("Could not be run", score.crashed)
    return "\n".join(lines)
