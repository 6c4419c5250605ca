"""Where a result is kept: a folder of plain files, each written whole or not at all."""

import hashlib
import tempfile
from pathlib import Path

from initlab.documents import whole
from initlab.errors import OutputError
from initlab.experiments.spec import Experiment

RUNS = Path("initlab-runs")


def default_folder(verb: str, experiment: Experiment) -> Path:
    """A folder named after the configuration, so that the same experiment lands in the same place.

    >>> default_folder("compare", Experiment()).parent.name
    'initlab-runs'
    """
    digest = hashlib.sha256(experiment.model_dump_json().encode()).hexdigest()
    return RUNS / f"{verb}-{digest[:10]}"


def prepare(folder: Path) -> Path:
    """Make the folder, and try it. Raises OutputError when nothing can be written there."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise OutputError(
            f"The output {folder} must be a folder to write to, got: {error.strerror}. Choose another with -o."
        ) from None
    return folder


def write(path: Path, content: str | bytes) -> None:
    """Write a file under a temporary name beside it, then put it in place in one step."""
    with whole(path) as file:
        file.write(content.encode("utf-8") if isinstance(content, str) else content)
