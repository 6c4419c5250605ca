"""A comparison as a folder of files."""

from pathlib import Path

from initlab.experiments import store
from initlab.experiments.result import Comparison
from initlab.render import csv, figures, html, json, reproduce


def comparison(result: Comparison, folder: Path) -> Path:
    """Write result.json and curves.csv, then, unless the run was interrupted, the figures and report.html.

    Figures and a report that an earlier run left in the folder are removed first: nothing there is of another result.
    """
    store.write(folder / "result.json", json.dumps(json.comparison(result)) + "\n")
    store.write(folder / "curves.csv", csv.curves(result))
    for name in (*(f"{figure}.png" for figure in figures.FIGURES), "report.html"):
        (folder / name).unlink(missing_ok=True)
    if not result.interrupted:
        pictures = figures.pngs(result)
        figures.save(result, folder, drawn=pictures)
        command, python = reproduce.command(result.experiment), reproduce.python(result.experiment)
        store.write(folder / "report.html", html.report(result, command=command, python=python, pngs=pictures))
    return folder
