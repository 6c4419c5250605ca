"""A plan as a table for a terminal, as a document, and as a fragment for a notebook.

Rows that differ in the number of their block alone are folded into one, with the range of what differs.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

from rich import box
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from initlab.plans.plan import Plan, Row
from initlab.plans.spoken import spoken
from initlab.render.dotted import Dotted
from initlab.render.html import FRAGMENT_STYLE
from initlab.render.json import heading, plain

_VARIES = re.compile(r"\d+|(?<=\[)[^\]]+(?=\])")
"""What of a name counts blocks: numbers, and the label of a block of a fused tensor."""

_STEP = re.compile(r"(?<=\.)\d+(?=\.|$)")
"""What of a dotted name within a sentence counts blocks."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fold:
    """Rows that are alike but for the numbers in their names."""

    rows: tuple[Row, ...]

    @property
    def first(self) -> Row:
        """The row that stands for all."""
        return self.rows[0]

    @property
    def name(self) -> str:
        """The name with the range of each number that differs."""
        return _ranged(_VARIES, [row.parameter.name for row in self.rows])

    @property
    def reason(self) -> str:
        """What the reasons of all rows have in common, but for the numbers of blocks; else the two that there are."""
        reasons = list(dict.fromkeys(row.reason for row in self.rows))
        parts = [{_STEP.sub("#", part): part for part in reason.split("; ")} for reason in reasons]
        shared = [[each[key] for each in parts] for key in parts[0] if all(key in each for each in parts)]
        if not shared:
            return " or ".join(reasons) if len(reasons) == 2 else f"{reasons[0]}, and so on"
        return "; ".join(_ranged(_STEP, told) for told in shared)


def _ranged(varies: re.Pattern[str], texts: Sequence[str]) -> str:
    """Several texts as one, with the range of each number that differs."""
    columns = zip(*(varies.findall(each) for each in texts), strict=True)
    ranges = iter([_range(column) for column in columns])
    return varies.sub(lambda _found: next(ranges), texts[0])


def _range(steps: Sequence[str]) -> str:
    """One part of several names: itself where it is one, else its range or a list.

    >>> _range(["0", "1", "2"]), _range(["1", "1"]), _range(["0", "2"]), _range(["query", "key"])
    ('0-2', '1', '0,2', 'query,key')
    """
    told = list(dict.fromkeys(steps))
    if len(told) == 1:
        return told[0]
    if not all(step.isdigit() for step in told):
        return ",".join(told)
    numbers = sorted(int(step) for step in told)
    if numbers == list(range(numbers[0], numbers[-1] + 1)):
        return f"{numbers[0]}-{numbers[-1]}"
    return ",".join(map(str, numbers)) if len(numbers) <= 4 else f"{numbers[0]}..{numbers[-1]}"


def folded(rows: Sequence[Row], *, every: bool = False) -> list[Fold]:
    """The rows of a plan, those of repeated blocks as one; each by itself if `every`."""
    groups: dict[object, list[Row]] = {}
    for place, row in enumerate(rows):
        groups.setdefault(place if every else _likeness(row), []).append(row)
    return [Fold(rows=tuple(group)) for group in groups.values()]


def _likeness(row: Row) -> object:
    parameter = row.parameter
    if _is_plain(row):
        return parameter.role, row.law
    same_law = row.law if "[" in parameter.name else type(row.law)
    return _VARIES.sub("#", parameter.name), parameter.shape, parameter.role, row.scheme, row.gain, same_law


def _is_plain(row: Row) -> bool:
    """Whether a row is one of the many biases at zero and scales at one that no scheme looked at."""
    return row.scheme in ("zeros", "constant(1)") and row.parameter.role in ("bias", "norm_scale")


def plan(found: Plan, *, every: bool = False) -> RenderableType:
    """The plan as something that rich can print: one row a parameter, the totals, and what the policy leaves open."""
    policy = found.policy
    parts: list[RenderableType] = [Text(f"{policy.title or policy.name}: {totals(found)}", style="bold")]
    parts += [Text(words, style="italic") for words in (policy.about,) if words]
    parts.append(table(folded(found.rows, every=every)))
    parts.append(Text(cost(found)))
    if found.buffers:
        parts.append(Text(f"Left alone: {_count(len(found.buffers), 'buffer')}, such as {found.buffers[0]}."))
    parts += [Text(f"Source: {policy.source}", style="dim")] if policy.source else []
    parts += [Text(policy.note, style="yellow")] if policy.note else []
    parts += [Text(f"Note: {words}", style="yellow") for words in open_ends(found)]
    return Group(*parts)


def open_ends(found: Plan) -> list[str]:
    """What the plan leaves open, and what it could not know."""
    unrun = f"Roles come from names and shapes alone, and what follows a layer is unknown: {found.note}."
    return [*([unrun] if found.note else []), *(notice.text for notice in found.notices)]


def table(folds: Sequence[Fold]) -> Table:
    """One row a fold: what it is, what it gets, and why."""
    drawn = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False)
    drawn.add_column("parameter", overflow="fold", ratio=4)
    drawn.add_column("law", overflow="fold", ratio=3)
    drawn.add_column("std", justify="right", no_wrap=True)
    drawn.add_column("reason", overflow="fold", ratio=4)
    for fold in sorted(folds, key=lambda fold: len(fold.rows) > 1 and _is_plain(fold.first)):
        row = fold.first
        drawn.add_row(
            Dotted(Text.assemble((title(fold), "bold"), (f"\n{facts(fold)}", "dim"))),
            Text.assemble(law(fold), (f"\n{scheme(row)}" if row.law is not None else "", "dim")),
            std(fold),
            Dotted(Text(fold.reason, style="dim")),
        )
    return drawn


def title(fold: Fold) -> str:
    """What a fold is called: its name and how often it is there, or how many plain ones there are of a kind."""
    many = len(fold.rows)
    if many > 1 and _is_plain(fold.first):
        return f"{many} {'biases' if fold.first.parameter.role == 'bias' else 'scales of normalisations'}"
    return f"{fold.name}  ×{many}" if many > 1 else fold.name


def facts(fold: Fold) -> str:
    """Shape, role and fan of a fold, or some names of the plain ones."""
    row = fold.first
    if len(fold.rows) > 1 and _is_plain(row):
        names = [row.parameter.name for row in fold.rows]
        return f"{names[0]} ... {names[-1]}"
    return f"{_shape(row)} {row.parameter.role}{_fan(row)}"


def law(fold: Fold) -> str:
    """The law of a fold, or the first and last of it where the blocks differ."""
    if fold.first.law is None:
        return "left alone"
    laws = list(dict.fromkeys(spoken(row.law) for row in fold.rows if row.law is not None))
    return laws[0] if len(laws) == 1 else f"{laws[0]} to {laws[-1]}"


def scheme(row: Row) -> str:
    """The scheme as it was written, with the gain it was given."""
    return f"{row.scheme}" if row.gain in (None, 1.0) else f"{row.scheme}, gain {row.gain:.4g}"


def std(fold: Fold) -> str:
    """The standard deviation of a fold, or its range."""
    values = [row.law.std for row in fold.rows if row.law is not None]
    if not values:
        return ""
    low, high = f"{min(values):.3g}", f"{max(values):.3g}"
    return low if low == high else f"{low}–{high}"


def _shape(row: Row) -> str:
    return "×".join(map(str, row.parameter.shape)) or "scalar"


def _fan(row: Row) -> str:
    fan = row.parameter.fan
    return (
        ""
        if fan is None or row.parameter.role in ("bias", "embedding", "positional")
        else f" {fan.fan_in:g}→{fan.fan_out:g}"
    )


def totals(found: Plan) -> str:
    """How much there is of what, in words."""
    left = sum(row.law is None for row in found.rows)
    words = f"{_count(len(found.rows), 'parameter')} of {found.numbers:,} numbers"
    return f"{words}; {len(found.rows) - left} set, {left} left alone" if left else words


def cost(found: Plan) -> str:
    """What applying the plan takes."""
    words = f"Takes {found.draws:,} random numbers"
    matrices = sum(row.operations > 0 for row in found.rows)
    if matrices:
        words += f" and the QR of {_count(matrices, 'matrix', 'matrices')}, {found.operations:.2g} operations"
    return f"{words}."


def _count(number: int, one: str, many: str | None = None) -> str:
    return f"{number} {one if number == 1 else many or one + 's'}"


def document(found: Plan) -> dict[str, Any]:
    """The document of `initlab plan`."""
    return {
        **heading("plan"),
        "configuration": {"policy": found.policy.model_dump(mode="json")},
        "framework": found.framework,
        "parameters": [entry(row) for row in found.rows],
        "buffers": found.buffers,
        "totals": {
            "parameters": len(found.rows),
            "numbers": found.numbers,
            "draws": found.draws,
            "qr_operations": found.operations,
        },
        "notices": found.notices,
        "note": found.note,
    }


def entry(row: Row) -> dict[str, Any]:
    """One row of a plan as a document."""
    parameter, fan = row.parameter, row.parameter.fan
    return {
        "name": parameter.name,
        "shape": parameter.shape,
        "role": parameter.role,
        "fan_in": None if fan is None else fan.fan_in,
        "fan_out": None if fan is None else fan.fan_out,
        "scheme": row.scheme,
        "law": None if row.law is None else repr(row.law),
        "std": None if row.law is None else plain(row.law.std),
        "reason": row.reason,
        "mean": None if row.law is None else plain(row.law.mean),
        "gain": row.gain,
        "activation": parameter.activation,
        "layer": parameter.layer,
        "depth": parameter.depth,
        "branches": parameter.branches,
        "width": parameter.width,
        "gate": parameter.gate,
        "module": parameter.module,
        "tensor": parameter.tensor,
        "tied_to": parameter.tied_to,
        "padding": parameter.padding,
        "trainable": parameter.trainable,
        "dtype": parameter.dtype,
        "device": parameter.device,
    }


def fragment(found: Plan) -> str:
    """The plan for a notebook: its title, a table and what it leaves open."""
    heads = ("parameter", "law", "std", "reason")
    rows = "".join(
        f'<tr><th scope="row">{escape(title(fold))}<small>{escape(facts(fold))}</small></th>'
        f"<td>{escape(law(fold))}<small>{escape(scheme(fold.first)) if fold.first.law is not None else ''}</small></td>"
        f'<td class="figure">{escape(std(fold))}</td><td class="words">{escape(fold.reason)}</td></tr>'
        for fold in folded(found.rows)
    )
    notes = "".join(f"<p><em>{escape(words)}</em></p>" for words in open_ends(found))
    policy = found.policy
    return (
        f'<div class="initlab"><style>{FRAGMENT_STYLE}</style>'
        f"<p><strong>{escape(policy.title or policy.name)}</strong>: {escape(totals(found))}</p>"
        f'<div style="overflow-x:auto"><table><caption>{escape(cost(found))}</caption><thead><tr>'
        + "".join(f'<th scope="col">{head}</th>' for head in heads)
        + f"</tr></thead><tbody>{rows}</tbody></table></div>{notes}</div>"
    )
