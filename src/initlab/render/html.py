"""A comparison as HTML: a report that stands alone in one file, and a fragment for notebooks."""

import base64
import re
from collections.abc import Mapping
from html import escape
from importlib.metadata import version
from importlib.resources import files
from string import Template

from initlab.experiments.result import Comparison, SchemeResult, Spread
from initlab.render import account, palette


def report(comparison: Comparison, *, command: str, python: str, pngs: Mapping[str, bytes] | None = None) -> str:
    """One page with everything in it; it asks nothing of the network and runs no script.

    `command` and `python` are the calls that repeat the comparison. `pngs` are the figures by name, drawn if not given.
    """
    template = Template(files("initlab.render").joinpath("report.template.html").read_text(encoding="utf-8"))
    return template.substitute(
        title=escape(account.title(comparison)),
        lead=escape(account.lead(comparison)),
        table=_scrolling(table(comparison), "Results by scheme"),
        facts="\n".join(f"<dt>{escape(name)}</dt><dd>{escape(text)}</dd>" for name, text in account.facts(comparison)),
        figures="\n".join(_figures(comparison, pngs)),
        laws=_scrolling(_laws(comparison), "Laws by scheme"),
        command=escape(command),
        python=escape(python),
        notes="\n".join(f"<li>{escape(note)}</li>" for note in account.notes(comparison)),
        version=escape(version("initlab")),
    )


def fragment(comparison: Comparison) -> str:
    """The outcome and the table, to stand in a notebook whatever its colours."""
    notes = "<p><em>Interrupted: only finished trials are counted.</em></p>" if comparison.interrupted else ""
    return (
        f'<div class="initlab"><style>{FRAGMENT_STYLE}</style>'
        f"<p><strong>{escape(account.title(comparison))}</strong></p><p>{escape(account.lead(comparison))}</p>"
        f'<div style="overflow-x:auto">{table(comparison)}</div>{notes}</div>'
    )


FRAGMENT_STYLE = (
    ".initlab p{max-width:60em;margin:.4em 0}"
    ".initlab table{border-collapse:collapse;font-variant-numeric:tabular-nums}"
    ".initlab caption{caption-side:bottom;text-align:left;opacity:.75}"
    ".initlab th,.initlab td{text-align:left!important;vertical-align:top;padding:.35em .8em;"
    "border-bottom:1px solid rgba(128,128,128,.35)}"
    ".initlab td.figure{white-space:nowrap}.initlab td.words{min-width:18em;white-space:normal}"
    ".initlab .mark{background:#fff;border-radius:.2em;padding:0 .2em;margin-right:.35em}"
    ".initlab pre{overflow-x:auto}.initlab small{display:block;opacity:.75;font-weight:normal}"
)


def table(comparison: Comparison) -> str:
    """One row per scheme."""
    scores = ("train accuracy", "test accuracy") if account.classifies(comparison) else ("test loss",)
    heads = ("scheme", *scores, "final loss", "failed", "verdict")
    rows = "".join(
        _row(place, entry, classifies=account.classifies(comparison)) for place, entry in enumerate(comparison.schemes)
    )
    return (
        "<table><caption>Median [lowest, highest] over the seeds.</caption><thead><tr>"
        + "".join(f'<th scope="col">{head}</th>' for head in heads)
        + f"</tr></thead><tbody>{rows}</tbody></table>"
    )


def _row(place: int, entry: SchemeResult, *, classifies: bool) -> str:
    scores = [_spread(each, share=True) for each in (entry.train_accuracy, entry.test_accuracy)]
    scores = scores if classifies else [_spread(entry.test_loss, share=False)]
    cells = [*scores, _spread(entry.final_loss, share=False), _failed(entry)]
    return (
        f'<tr><th scope="row">{_name(place, entry)}<small>{_prose(entry.summary)}</small></th>'
        + "".join(f'<td class="figure">{cell}</td>' for cell in cells)
        + f'<td class="words">{escape(entry.verdict)}</td></tr>'
    )


def _failed(entry: SchemeResult) -> str:
    return "<br>".join(map(escape, account.failures(entry))) or "none"


def _name(place: int, entry: SchemeResult) -> str:
    """The scheme, with the mark that it has in the figures."""
    mark = f'<span class="mark" aria-hidden="true" style="color:{palette.colour(place)}">{palette.glyph(place)}</span>'
    return mark + escape(entry.scheme)


def _spread(figure: Spread, *, share: bool) -> str:
    median, span = account.spread(figure, share=share)
    return f"{escape(median)}<small>{escape(span)}</small>"


def _prose(text: str) -> str:
    """A docstring's line, its `names` set as code."""
    return re.sub(r"`([^`]+)`", r"<code>\1</code>", escape(text))


def _laws(comparison: Comparison) -> str:
    heads = "".join(f'<th scope="col">{head}</th>' for head in ("scheme and formula", "parameters", "law"))
    bodies = "".join(_drawn(place, entry) for place, entry in enumerate(comparison.schemes))
    return f"<table><thead><tr>{heads}</tr></thead>{bodies}</table>"


def _drawn(place: int, entry: SchemeResult) -> str:
    """One scheme's laws, a row for each."""
    laws = account.laws(entry)
    name = f"{_name(place, entry)}<small>{_prose(entry.formula)}</small>"
    rows = [f"<td>{escape(names)}</td><td>{escape(words)}</td></tr>" for words, names in laws.items()]
    first = f'<tr><th scope="rowgroup" rowspan="{len(laws)}">{name}</th>'
    return f"<tbody>{first}{'<tr>'.join(rows)}</tbody>" if rows else ""


def _figures(comparison: Comparison, pngs: Mapping[str, bytes] | None) -> list[str]:
    """A section for each figure."""
    from initlab.render.figures import FIGURES
    from initlab.render.figures import pngs as draw

    return [
        f"<h2>{escape(FIGURES[name].title)}</h2>\n<figure>"
        + _scrolling(_image(content, FIGURES[name].words(comparison)), FIGURES[name].title)
        + f"<figcaption>{escape(FIGURES[name].caption)}</figcaption></figure>"
        for name, content in (draw(comparison) if pngs is None else pngs).items()
    ]


def _image(png: bytes, words: str) -> str:
    return f'<img alt="{escape(words)}" src="data:image/png;base64,{base64.b64encode(png).decode("ascii")}">'


def _scrolling(content: str, label: str) -> str:
    """A box that scrolls by itself when its content is wider than the page; it can be reached by keyboard."""
    return f'<div class="scroll" role="region" tabindex="0" aria-label="{escape(label)}">{content}</div>'
