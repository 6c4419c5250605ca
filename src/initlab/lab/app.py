"""The server: the page, and what it asks for. It holds runs and files; every number comes from the library."""

import threading
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response
from starlette.exceptions import HTTPException
from starlette.staticfiles import StaticFiles

from initlab.errors import UsageError
from initlab.lab import catalogue, faults
from initlab.lab.bounds import LabExperiment
from initlab.lab.desk import Desk
from initlab.lab.guard import Guard
from initlab.lab.routes import exports, page, runs, views
from initlab.lab.runs import BusyError

REFUSALS: dict[int | str, dict[str, Any]] = {
    code: {"model": faults.Faults} for code in (403, 404, 409, 413, 415, 421, 422, 429)
}


def create(*, host: str = "127.0.0.1", token: str | None = None, threads: int | None = None) -> FastAPI:
    """The application, without its port. The first preset is run at once, so that the page shows it when it opens."""

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        desk = app.state.desk = Desk(threads=threads)
        desk.runs.start(desk.bound(LabExperiment(**catalogue.presets()[0]["fields"])), patient=True)
        threading.Thread(target=catalogue.encoded, daemon=True).start()
        yield
        desk.close()

    app = FastAPI(title="initlab lab", docs_url=None, redoc_url=None, lifespan=lifespan, responses=REFUSALS)
    for subject in (page, runs, exports, views):
        app.include_router(subject.router)
    app.mount("/static", StaticFiles(directory=page.STATIC), name="static")
    for kind in (RequestValidationError, UsageError, BusyError, HTTPException):
        app.add_exception_handler(kind, _told)
    app.add_middleware(Guard, host=host, token=token)
    return app


async def _told(_: Request, error: Exception) -> Response:
    """Every error as a list of faults, each with its field."""
    match error:
        case RequestValidationError():
            return _refused(422, faults.of_validation(error.errors()))
        case HTTPException():
            return _refused(error.status_code, [faults.Fault(field=None, message=str(error.detail))], error.headers)
        case BusyError():
            return _refused(429, [faults.of_error(error)])
    return _refused(422, [faults.of_error(error)])


def _refused(status: int, found: list[faults.Fault], headers: Mapping[str, str] | None = None) -> JSONResponse:
    return JSONResponse({"errors": [each.model_dump() for each in found]}, status_code=status, headers=headers)
