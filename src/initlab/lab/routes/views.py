"""The other tabs: the same network checked, its gradients checked, and what the theory says of it."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated

from fastapi import APIRouter
from fastapi.responses import Response
from pydantic import BaseModel, ConfigDict, Field

from initlab.api.check import Report
from initlab.api.checked import check_experiment
from initlab.api.planted import gradcheck_experiment
from initlab.experiments.problem import bind
from initlab.experiments.spec import Experiment
from initlab.lab import frames, theory
from initlab.lab.bounds import LabExperiment, Text, check_work
from initlab.lab.desk import Desk, TheDesk
from initlab.lab.runs import BusyError
from initlab.render import check, gradcheck
from initlab.render.json import plain

router = APIRouter(prefix="/api")

PATIENCE = 30.0
"""Seconds that a view waits for its turn."""

_TURNS = threading.BoundedSemaphore(2)


class Looked(BaseModel):
    """A network to look at: an experiment, and one of its schemes."""

    model_config = ConfigDict(extra="forbid")

    experiment: LabExperiment
    scheme: Text


class Remedied(Looked):
    """A network to check, and the finding, by rule and path, whose remedy is to be applied."""

    rule: Text | None = None
    path: Text | None = None


class Plant(BaseModel):
    """A bug, and the layer that it is planted in, from 1."""

    model_config = ConfigDict(extra="forbid")

    bug: Text
    layer: Annotated[int, Field(ge=1, le=100)]


class Planted(Looked):
    """A network whose gradients are checked, with bugs in them."""

    plants: Annotated[list[Plant], Field(max_length=4)] = []


@contextmanager
def _turn() -> Iterator[None]:
    if not _TURNS.acquire(timeout=PATIENCE):
        raise BusyError("The server must finish other checks first. Try again in a moment.")
    try:
        yield
    finally:
        _TURNS.release()


def _experiment(asked: LabExperiment, desk: Desk) -> Experiment:
    experiment = desk.bound(asked)
    check_work(bind(experiment))
    return experiment


@router.post("/checks")
def checks(asked: Remedied, desk: TheDesk) -> Response:
    """The findings of `initlab check`, and those that are left when a remedy is applied."""
    remedy = (asked.rule, asked.path) if asked.rule and asked.path else None
    with _turn():
        found = check_experiment(_experiment(asked.experiment, desk), asked.scheme, remedy=remedy)
    after = None if found.after is None else _report(found.after)
    return frames.answer({"scheme": found.scheme, "before": _report(found.before), "after": after})


def _report(report: Report) -> dict[str, object]:
    document: dict[str, object] = plain(check.document(report))
    return document | {"title": check.title(report), "conditions": check.conditions(report)}


@router.post("/gradients")
def gradients(asked: Planted, desk: TheDesk) -> Response:
    """The verdict of `initlab gradcheck` on the network's own backward pass, with bugs planted in it if wanted."""
    plants = tuple((plant.bug, plant.layer) for plant in asked.plants)
    with _turn():
        found = gradcheck_experiment(_experiment(asked.experiment, desk), asked.scheme, plants=plants)
    return frames.answer(plain(gradcheck.document(found, configuration={"plants": plants})))


@router.post("/theory")
def expectations(asked: Looked, desk: TheDesk) -> Response:
    """Gains, the phase diagram with each scheme's point, and the depth that the theory allows."""
    with _turn():
        return frames.answer(theory.document(bind(_experiment(asked.experiment, desk))))
