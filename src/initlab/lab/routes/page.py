"""The page itself, the charts' library from its installed package, and the catalogue."""

from importlib import resources
from pathlib import Path

import bokeh
from fastapi import APIRouter
from fastapi.responses import FileResponse, Response
from starlette.exceptions import HTTPException

from initlab.lab import catalogue

STATIC = Path(str(resources.files("initlab.lab") / "static"))
CHARTS = Path(bokeh.__file__).parent / "server" / "static" / "js"
CHART_FILES = ("bokeh.min.js", "bokeh-api.min.js")

router = APIRouter()


@router.get("/", include_in_schema=False)
def page() -> FileResponse:
    """The page."""
    return FileResponse(STATIC / "index.html")


@router.get("/charts/{name}", include_in_schema=False)
def charts(name: str) -> FileResponse:
    """A script of BokehJS."""
    if name not in CHART_FILES:
        raise HTTPException(404, "There is no such file.")
    return FileResponse(CHARTS / name, headers={"Cache-Control": "max-age=86400"})


@router.get("/api/catalogue")
def choices() -> Response:
    """Data sets, schemes, activations, presets, colours and bounds."""
    return Response(catalogue.encoded(), media_type="application/json")
