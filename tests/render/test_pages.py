"""The pages of docs/ are those that the catalogues make now, and lead somewhere."""

import re
from pathlib import Path

import pytest

from initlab.render import pages

DOCS = Path(__file__).parents[2] / "docs"


@pytest.mark.parametrize("kind", pages.KINDS, ids=lambda kind: kind.folder)
def test_the_pages_are_those_of_the_catalogue(kind):
    kept = {path.name: path.read_text(encoding="utf-8") for path in (DOCS / kind.folder).iterdir()}
    assert kept == dict(pages.files(kind)), "run python docs/write.py"
    assert len(kept) == len(kind.catalogue) + 1


@pytest.mark.parametrize("kind", pages.KINDS, ids=lambda kind: kind.folder)
def test_every_link_has_its_file(kind):
    for name, content in pages.files(kind):
        for target in re.findall(r"\]\((?!https:)([^)]*)\)", content):
            assert (DOCS / kind.folder / target).is_file(), f"{name}: {target}"


def test_the_readme_links_to_each_index():
    readme = (DOCS.parent / "README.md").read_text(encoding="utf-8")
    assert all(f"](docs/{kind.folder}/README.md)" in readme for kind in pages.KINDS)


def test_a_page_says_all_that_a_rule_does():
    entry = next(kind for kind in pages.KINDS if kind.folder == "rules").catalogue["W030"]
    page = pages.markdown(pages.rule(entry))
    for words in (entry.documentation.body, *entry.documentation.sections, "- sigmas = 4", "arXiv:1903.06733"):
        assert words in page
