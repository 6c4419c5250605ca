"""Write the pages of docs/ that are generated: schemes, rules and causes, as `initlab explain` prints them."""

from pathlib import Path

from initlab.render import pages

for kind in pages.KINDS:
    folder = Path(__file__).parent / kind.folder
    folder.mkdir(exist_ok=True)
    for old in folder.glob("*.md"):
        old.unlink()
    for name, content in pages.files(kind):
        (folder / name).write_text(content, encoding="utf-8")
