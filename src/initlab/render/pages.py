"""What a scheme, a rule or a cause is, as a page: for `initlab explain`, and as the Markdown files of `docs/`."""

import re
import textwrap
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from initlab.catalogue import Catalogue
from initlab.gradients.causes import CAUSES, Cause
from initlab.render.gradcheck import ADVICE
from initlab.rules import RULES, Rule
from initlab.schemes import SCHEMES, Scheme

FENCES = {"Formula": "text", "Limit": "text", "Example": "python", "Use instead": "python"}
"""The sections that are set as they stand, with their language. `References` is prose; the others are lists."""

_NEEDS = {"weights": "the weights alone", "passes": "a pass over a batch"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """One entry of a catalogue: its name with a remark, the sentence that says what it is, and what explains it.

    `tag` is what an index says beside the name.
    """

    name: str
    tag: str = ""
    remark: str = ""
    summary: str
    body: str
    sections: Mapping[str, str]


def rule(entry: Rule) -> Page:
    """One rule of the check."""
    known = entry.documentation.sections
    thresholds = "\n".join(f"{name} = {value:g}" for name, value in entry.thresholds.items())
    return Page(
        name=f"{entry.id} {entry.name}",
        tag=entry.severity,
        remark=f"{entry.severity} at worst, from {_NEEDS[entry.needs]}",
        summary=entry.documentation.summary,
        body=entry.documentation.body,
        sections={"Limit": known["Limit"], "Thresholds": thresholds, **known},
    )


def scheme(entry: Scheme) -> Page:
    """One scheme."""
    known = entry.documentation.sections
    options = (
        f"{name}: {kind.constraint}" + ("" if kind.required else f", {kind.default} if not given")
        for name, kind in entry.kinds.items()
    )
    aliases = ", ".join(SCHEMES.aliases(entry.name))
    return Page(
        name=entry.name,
        tag=aliases,
        remark=f"also {aliases}" if aliases else "",
        summary=entry.documentation.summary,
        body=entry.documentation.body,
        sections={"Formula": known["Formula"], "Options": "\n".join(options), **known},
    )


def cause(entry: Cause) -> Page:
    """One cause of a wrong gradient."""
    known = entry.documentation.sections
    return Page(
        name=entry.name,
        summary=entry.documentation.summary,
        body=entry.documentation.body,
        sections={**known, "Checking gradients": "\n".join(ADVICE)},
    )


def text(page: Page) -> str:
    """A page for a terminal."""
    head = f"{page.name}  ({page.remark})" if page.remark else page.name
    blocks = [f"{head}\n{page.summary}", page.body]
    blocks += [f"{title}\n{textwrap.indent(body, '    ')}" for title, body in page.sections.items() if body]
    return "\n\n".join(block for block in blocks if block)


def markdown(page: Page) -> str:
    """A page in Markdown."""
    blocks = [f"# {page.name}", f"*{page.remark}*" if page.remark else "", f"**{page.summary}**", page.body]
    for title, body in page.sections.items():
        if body:
            blocks += [f"## {title}", _set(title, body)]
    return "\n\n".join(block for block in blocks if block) + "\n"


def _set(title: str, body: str) -> str:
    if title in FENCES:
        return f"```{FENCES[title]}\n{body}\n```"
    if title == "References":
        return re.sub(r"arXiv:(\d{4}\.\d{4,5})", r"[arXiv:\1](https://arxiv.org/abs/\1)", body)
    return "\n".join(f"- {line}" for line in body.splitlines())


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """A catalogue as a folder of pages; `tag` heads the column of tags in its index."""

    catalogue: Catalogue[Any]
    page: Callable[[Any], Page]
    folder: str
    title: str
    lead: str
    tag: str = ""


KINDS = (
    Kind(
        catalogue=SCHEMES,
        page=scheme,
        folder="schemes",
        title="Schemes",
        lead="What weights can be drawn from: every name that `--schemes` and a policy take.",
        tag="also",
    ),
    Kind(
        catalogue=RULES,
        page=rule,
        folder="rules",
        title="Rules of the check",
        lead="What `initlab check` looks for. Errors and warnings accuse; info and evidence are told beside them.",
        tag="at worst",
    ),
    Kind(
        catalogue=CAUSES,
        page=cause,
        folder="causes",
        title="Causes of a wrong gradient",
        lead="The mistakes in a backward pass that `initlab gradcheck` knows by name.",
    ),
)
"""The catalogues that are explained."""


def files(kind: Kind) -> Iterator[tuple[str, str]]:
    """The files of a catalogue's folder, each as (name, content): an index, and a page for each entry."""
    pages = [kind.page(entry) for entry in kind.catalogue.values()]
    names = {page.name.split()[0]: f"{page.name.replace(' ', '-')}.md" for page in pages}
    yield "README.md", _index(kind, pages, names)
    for page in pages:
        key = page.name.split()[0]
        yield names[key], markdown(replace(page, body=_linked(page.body, {**names, key: ""})))


def _index(kind: Kind, pages: list[Page], names: Mapping[str, str]) -> str:
    rows = [["name", kind.tag, "what it says"], ["---", "---" if kind.tag else "", "---"]]
    rows += [[f"[{page.name}]({names[page.name.split()[0]]})", page.tag, page.summary] for page in pages]
    lines = [" | ".join(row if kind.tag else (row[0], row[2])) for row in rows]
    table = "\n".join(f"| {line} |" for line in lines)
    return f"# {kind.title}\n\n{kind.lead} Each page is what `initlab explain NAME` prints.\n\n{table}\n"


def _linked(body: str, names: Mapping[str, str]) -> str:
    """The ids of rules and the names of schemes in a text, as links to their pages."""
    return re.sub(
        r"`(\w+)`|\b(W\d{3})\b", lambda m: f"[{m[0]}]({found})" if (found := names.get(m[1] or m[2])) else m[0], body
    )
