"""What one server holds: its runs and its dropped files; and how an address finds them."""

from typing import Annotated

from fastapi import Depends, Path, Request
from starlette.exceptions import HTTPException

from initlab.api.compare import Comparison
from initlab.experiments.spec import Experiment
from initlab.lab.bounds import LabExperiment
from initlab.lab.runs import Run, Runs
from initlab.lab.uploads import Uploads


class Desk:
    """The runs and files of one server."""

    def __init__(self, *, threads: int | None = None) -> None:
        self.runs, self.uploads = Runs(threads=threads), Uploads()

    def bound(self, asked: LabExperiment) -> Experiment:
        """The experiment of the library behind what the page asks for."""
        return Experiment(**{**asked.model_dump(), "data": self.uploads.resolve(asked.data)})

    def close(self) -> None:
        """Stop the runs and remove the files."""
        self.runs.stop_all()
        self.uploads.close()


def desk(request: Request) -> Desk:
    """The desk of the server that was asked."""
    found = request.app.state.desk
    assert isinstance(found, Desk)
    return found


TheDesk = Annotated[Desk, Depends(desk)]
RunId = Annotated[str, Path(pattern="^[0-9a-f]{16}$")]


def known(run: RunId, at: TheDesk) -> Run:
    """The run of that id."""
    found = at.runs.get(run)
    if found is None:
        raise HTTPException(404, "The run must be one that the server still keeps. Run it again.")
    return found


TheRun = Annotated[Run, Depends(known)]


def finished(run: TheRun) -> Comparison:
    """What the run of that id showed."""
    if run.comparison is None:
        raise HTTPException(409, "The run must have ended before it can be exported. Wait, or stop it.")
    return run.comparison


TheComparison = Annotated[Comparison, Depends(finished)]
