"""The report stands alone, says what was found, and trusts no name."""

import re
import subprocess
import sys
from collections.abc import Callable
from html.parser import HTMLParser

import pytest

from initlab.experiments.result import Comparison
from initlab.render import account, html

Make = Callable[[str], Comparison]

PIXEL = b"\x89PNG not really"
VOID = {"meta", "img", "br", "link", "input", "hr"}


class Page(HTMLParser):
    """The tags of a page with their attributes, its text, and whether every tag was closed where it should be."""

    def __init__(self, source: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.words: list[str] = []
        self.feed(source)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.words.append(data)

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.words).split())

    def count(self, tag: str) -> int:
        return sum(name == tag for name, _ in self.tags)


def page(comparison: Comparison) -> Page:
    pngs = dict.fromkeys(("loss",), PIXEL)
    return Page(html.report(comparison, command="initlab compare", python="initlab.compare()", pngs=pngs))


def test_every_comparison_makes_a_well_formed_page_that_asks_for_nothing(odd: Comparison) -> None:
    for source in (html.report(odd, command="c", python="p", pngs={}), html.fragment(odd)):
        read = Page(source)
        assert not read.open
        assert not {"script", "link", "iframe", "object"} & {tag for tag, _ in read.tags}
        assert not re.search(r"https?://|@import|url\(", source)
        references = [value for _, each in read.tags for name, value in each.items() if name in ("src", "href")]
        assert all(value is not None and value.startswith("data:image/png;base64,") for value in references)
        assert not any(name.startswith("on") for _, each in read.tags for name in each)


@pytest.mark.parametrize("name", ["usual", "partly lost", "regression", "nine schemes", "hostile names"])
def test_the_table_has_one_row_for_each_scheme(made: Make, name: str) -> None:
    comparison = made(name)
    read = Page(html.table(comparison))
    assert sum(tag == "th" and each.get("scope") == "row" for tag, each in read.tags) == len(comparison.schemes)
    assert read.count("tr") == len(comparison.schemes) + 1
    for entry in comparison.schemes:
        assert " ".join(entry.scheme.split()) in read.text
        assert entry.verdict in read.text


def test_hostile_names_are_shown_and_never_obeyed(made: Make) -> None:
    comparison = made("hostile names")
    read = Page(html.report(comparison, command="<b>c</b>", python="<i>p</i>", pngs={"loss": PIXEL}))
    assert not read.count("script")
    assert not read.count("b")
    assert '<script>alert("x")</script> $\\alpha_b$ & "é"' in read.text
    assert "<b>c</b>" in read.text


def test_a_figure_has_its_numbers_in_words_and_a_caption(made: Make) -> None:
    read = page(made("usual"))
    (image,) = [each for tag, each in read.tags if tag == "img"]
    assert "he goes from" in (image["alt"] or "")
    assert "Look for lines that fall below the dotted chance line" in read.text


def test_the_whole_report_holds_every_figure(made: Make) -> None:
    read = Page(html.report(made("regression"), command="c", python="p"))
    assert read.count("img") == read.count("figcaption") == 3


def test_the_report_gives_figures_laws_calls_and_cautions(made: Make) -> None:
    text = page(made("usual")).text
    for part in (
        "98 % [98 %, 98 %]",
        "4 of 4",
        "initlab compare",
        "initlab.compare()",
        "normal: std 1",
        "seeds 0 to 19",
    ):
        assert part.lower() in text.lower(), part
    assert "constant: value 0" in text
    assert "interrupted" not in text


def test_the_lead_names_the_best_and_the_failures(made: Make) -> None:
    assert account.lead(made("usual")) == (
        "The same network was trained under each scheme from the same 4 seeds. xavier and he had the highest median "
        "test accuracy, 96 %. zeros with 4 of 4 seeds and he with 1 of 4 seeds ended no better than chance."
    )
    assert "No scheme learned with most of its seeds." in account.lead(made("all lost"))
    assert "random(1e9) with 1 of 1 seeds diverged" in account.lead(made("all lost"))
    assert "he had the lowest median test loss" in account.lead(made("regression"))
    assert "nothing to compare yet" in account.lead(made("nothing finished"))


def test_regression_has_no_accuracies_and_says_why(made: Make) -> None:
    read = page(made("regression"))
    assert "train accuracy" not in read.text
    assert "NaN" not in Page(html.table(made("regression"))).text
    assert "The target is a number, so there is no accuracy" in read.text


def test_what_was_interrupted_says_so(made: Make) -> None:
    assert "The run was interrupted" in page(made("interrupted")).text
    assert "Interrupted" in Page(html.fragment(made("interrupted"))).text


def test_a_fragment_does_not_load_matplotlib() -> None:
    code = "import sys; import initlab.render.html; assert 'matplotlib' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)
