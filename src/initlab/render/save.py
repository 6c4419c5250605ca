"""A comparison as a folder of files."""

from pathlib import Path

from initlab.experiments import store
from initlab.experiments.result import Comparison
from initlab.render import csv, html, json, reproduce


def comparison(result: Comparison, folder: Path) -> Path:
    """Write result.json and curves.csv, then, unless the run was interrupted, the figures and report.html."""
    store.write(folder / "result.json", json.dumps(json.comparison(result)) + "\n")
    store.write(folder / "curves.csv", csv.curves(result))
    if not result.interrupted:
        from initlab.render import figures

        pictures = figures.pngs(result)
        for name, picture in pictures.items():
            store.write(folder / f"{name}.png", picture)
        command, python = reproduce.command(result.experiment), reproduce.python(result.experiment)
        store.write(folder / "report.html", html.report(result, command=command, python=python, pngs=pictures))
    return folder
