"""Runs: start, follow, look at one frame, stop."""

from typing import Annotated, Any

from fastapi import APIRouter, Header, Path, Query
from fastapi.responses import Response, StreamingResponse
from pydantic import BaseModel, ConfigDict, Field
from starlette.exceptions import HTTPException

from initlab.errors import DataError
from initlab.lab import exports, frames, stream
from initlab.lab.bounds import LabExperiment
from initlab.lab.desk import TheDesk, TheRun
from initlab.lab.runs import Run
from initlab.lab.uploads import Uploads
from initlab.render.json import plain

router = APIRouter(prefix="/api")

SETTLED = 0.15
"""Seconds that a stop waits for the end, which comes within a few hundredths."""


class Asked(BaseModel):
    """A run to start; `fresh` runs it even if its frames are there already."""

    model_config = ConfigDict(extra="forbid")

    experiment: LabExperiment
    fresh: bool = False


class Dropped(BaseModel):
    """A CSV file that was dropped on the page."""

    model_config = ConfigDict(extra="forbid")

    name: Annotated[str, Field(max_length=300)]
    text: str
    target: Annotated[str, Field(max_length=200)] | None = None


@router.post("/runs", status_code=201)
def start(asked: Asked, desk: TheDesk) -> Response:
    """Start a run, or give the one that is there of the same experiment."""
    try:
        run = desk.runs.start(desk.bound(asked.experiment), fresh=asked.fresh)
    except DataError as error:
        raise DataError(desk.uploads.name(str(error))) from None
    return frames.answer(_started(run, desk.uploads), 201)


def _started(run: Run, uploads: Uploads) -> dict[str, Any]:
    """What the page needs to draw before the first frame."""
    problem = run.watch.problem
    experiment = problem.experiment
    return {
        **run.ending(),
        "schemes": list(experiment.schemes),
        "network": problem.net.label,
        "widths": list(problem.net.widths),
        "parameters": problem.net.size,
        "head": problem.net.head,
        "activation": experiment.activation,
        "seeds": list(range(experiment.seed, experiment.seed + experiment.seeds)),
        "steps": list(run.watch.steps),
        "data": _data(run),
        "calls": exports.calls(experiment, uploads),
    }


def _data(run: Run) -> dict[str, Any]:
    facts = run.watch.problem.facts
    points = None
    if facts.points is not None and facts.labels is not None:
        points = {"x": facts.points.T.round(4).tolist(), "labels": facts.labels.tolist()}
    return {
        "name": facts.name,
        "classes": list(facts.classes),
        "features": facts.features,
        "train": facts.train_examples,
        "test": facts.test_examples,
        "chance_loss": plain(facts.chance_loss),
        "chance_accuracy": plain(facts.chance_accuracy),
        "points": points,
    }


@router.post("/data", status_code=201)
def drop(dropped: Dropped, desk: TheDesk) -> Response:
    """Keep a CSV file and say what is in it."""
    kept = desk.uploads.add(dropped.name, dropped.text, target=dropped.target)
    facts = {name: getattr(kept, name) for name in ("data", "name", "examples", "features", "classes")}
    return frames.answer(facts, 201)


@router.get("/runs/{run}")
def state(run: TheRun) -> Response:
    """How a run stands, and the verdicts once it has ended."""
    return frames.answer(run.ending())


@router.delete("/runs/{run}")
def stop(run: TheRun) -> Response:
    """Stop a run and say how it ended, if it has within SETTLED; its frames so far stay."""
    run.halt("Stopped by hand.")
    run.settle(SETTLED)
    return frames.answer(run.ending())


@router.get("/runs/{run}/forecast")
def expected(run: TheRun) -> Response:
    """What the theory expects at step zero, a scheme each."""
    return frames.answer(run.forecasts)


@router.get("/runs/{run}/frames/{number}")
def one(run: TheRun, number: Annotated[int, Path(ge=0, le=1000)]) -> Response:
    """One frame in full."""
    if number >= len(run.full):
        raise HTTPException(404, f"The frame must be below {len(run.full)}, got {number}.")
    return Response(run.full[number], media_type="application/json")


@router.get("/runs/{run}/events", response_class=StreamingResponse)
async def follow(
    run: TheRun,
    after: Annotated[int, Query(ge=-1, le=1000)] = -1,
    last_event_id: Annotated[str | None, Header(pattern="^[0-9]{1,4}$")] = None,
) -> StreamingResponse:
    """The frames as server-sent events, from the one that follows `after` or the last that was received."""
    first = int(last_event_id) if last_event_id else after
    return StreamingResponse(stream.events(run, after=first), media_type="text/event-stream")
