"""The strip of a network: how large the signal is in every layer on its way forward, and the gradient on its way back.

HTML that stands alone, in a page or a notebook, and runs no script. The bars stretch with the page, the words
do not.
"""

import math
from collections.abc import Sequence
from html import escape

from initlab.checks.report import Report
from initlab.render.numerals import exponent, number
from initlab.trace import Op

KINDS = ("linear", "embedding", "recurrent", "norm")
TICKS, NAMED = 4, 12

STYLE = """
.strip { margin: .5rem 0; --error: light-dark(#b00020, #ff8a80); }
.strip figcaption { font-size: .9rem; margin: .8rem 0 .2rem; }
.strip .plot { margin-top: .8rem; display: grid; grid-template-columns: 3.2rem 1fr; }
.strip .axis { position: relative; height: 9rem; font-size: .8rem; }
.strip .axis span { position: absolute; right: .5rem; transform: translateY(-50%); }
.strip svg { display: block; width: 100%; height: 9rem; overflow: visible; }
.strip .names { display: flex; justify-content: space-between; font-size: .8rem; grid-column: 2; padding-top: .2rem; }
.strip .each > span { flex: 1 1 0; min-width: 0; text-align: center; overflow: hidden; text-overflow: ellipsis; }
.strip .forward { fill: #0072b2; } .strip .backward { fill: #d55e00; } .strip .named { fill: var(--error); }
.strip .lines { stroke: currentColor; stroke-opacity: .2; }
.strip .none { stroke: currentColor; stroke-width: 7; stroke-linecap: round; }
.strip .lines, .strip .none { vector-effect: non-scaling-stroke; }
.strip .scroll { overflow-x: auto; max-height: 24rem; }
.strip td, .strip thead th { text-align: right; } .strip tr > :first-child { text-align: left; }
"""


def strip(report: Report) -> str:
    """Both ways as bars on logarithmic scales, and the numbers below; empty where only weights were given."""
    if not report.trace.passes:
        return ""
    ops = [op for op in report.trace.first.ops if op.kind in KINDS and math.isfinite(op.std)]
    paths = {finding.path for finding in report.findings if finding.counts}
    named = [bool(paths & {op.name, *op.weights}) for op in ops]
    told = ", capped and red where a finding names the layer" if any(named) else ""
    forward = _drawn("forward", f"Forward: standard deviation of what each layer puts out{told}.", ops, named)
    backward = _drawn(
        "backward", f"Backward: standard deviation of the gradient of one example there{told}.", ops, named
    )
    return f'<figure class="strip"><style>{STYLE}</style>{forward}{backward}{_table(ops)}</figure>'


def _value(which: str, op: Op) -> float:
    return op.std if which == "forward" else op.backward_std


def _drawn(which: str, caption: str, ops: Sequence[Op], named: Sequence[bool]) -> str:
    """One bar a layer; a dot where nothing arrives. The drawing is one unit wide a layer, and one high."""
    values = [_value(which, op) for op in ops]
    live = [math.log10(value) for value in values if math.isfinite(value) and value > 0]
    if not live:
        return f"<figcaption>{caption} Nothing arrives.</figcaption>"
    caption += "" if len(live) == len(ops) else " A dot: nothing arrives."
    low, high = math.floor(min(live) - 0.1), math.ceil(max(live) + 0.1)
    powers = range(low, high + 1, max(1, math.ceil((high - low) / TICKS)))
    heights = {power: 1 - (power - low) / (high - low) for power in powers}
    marks = [f'<path class="lines" d="{"".join(f"M0 {y:.4f}H{len(ops)}" for y in heights.values())}"/>']
    for place, (op, value) in enumerate(zip(ops, values, strict=True)):
        top = 1 - (math.log10(value) - low) / (high - low) if math.isfinite(value) and value > 0 else None
        marks.append(_mark(place, top, which, named[place], f"{escape(op.name)}: {number(value)}"))
    labels = "".join(f'<span style="top: {100 * y:.1f}%">{exponent(power)}</span>' for power, y in heights.items())
    spoken = f"{caption} {number(values[0])} in {escape(ops[0].name)}, {number(values[-1])} in {escape(ops[-1].name)}."
    return (
        f'<figcaption>{caption}</figcaption><div class="plot"><div class="axis" aria-hidden="true">{labels}</div>'
        f'<svg viewBox="0 0 {len(ops)} 1" preserveAspectRatio="none" role="img" aria-label="{spoken}">'
        f"{''.join(marks)}</svg>{_names(ops)}</div>"
    )


def _names(ops: Sequence[Op]) -> str:
    """The names below the bars: all of a few, the first and the last of many."""
    shown, way = (ops, "names each") if len(ops) <= NAMED else ([ops[0], ops[-1]], "names")
    names = "".join(f"<span>{escape(op.name)}</span>" for op in shown)
    return f'<div class="{way}" aria-hidden="true">{names}</div>'


def _mark(place: int, top: float | None, which: str, named: bool, told: str) -> str:
    left, colour = place + 0.12, "named" if named else which
    if top is None:
        mark = f'<path class="none" d="M{place + 0.5} 1h0"/>'
    else:
        mark = f'<rect x="{left:.2f}" y="{top:.4f}" width=".76" height="{1 - top:.4f}" class="{colour}"/>'
    cap = f'<rect x="{left:.2f}" y="-.04" width=".76" height=".03" class="named"/>' if named else ""
    return f"<g><title>{told}</title>{mark}{cap}</g>"


def _table(ops: Sequence[Op]) -> str:
    rows = "".join(
        f'<tr><th scope="row"><code>{escape(op.name)}</code></th><td>{op.kind}</td><td>{op.units}</td>'
        f"<td>{number(op.std)}</td><td>{number(op.backward_std)}</td></tr>"
        for op in ops
    )
    head = "".join(f'<th scope="col">{word}</th>' for word in ("layer", "kind", "units", "forward", "backward"))
    return (
        "<details><summary>The numbers</summary>"
        '<div class="scroll" role="region" tabindex="0" aria-label="The numbers">'
        f"<table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table></div></details>"
    )
