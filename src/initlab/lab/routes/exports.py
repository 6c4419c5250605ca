"""What a person takes along from a run that has ended."""

from typing import Annotated

from fastapi import APIRouter, Path
from fastapi.responses import Response
from starlette.exceptions import HTTPException

from initlab.lab import exports, frames
from initlab.lab.desk import TheComparison

router = APIRouter(prefix="/api/runs/{run}")


@router.get("/curves.csv")
def curves(found: TheComparison) -> Response:
    """All curves, as `initlab compare` writes them."""
    return Response(exports.curves(found), media_type="text/csv; charset=utf-8")


@router.get("/figures")
def figures(found: TheComparison) -> Response:
    """The names of the figures that there are."""
    return frames.answer(exports.names(found))


@router.get("/figures/{name}.png")
def picture(found: TheComparison, name: Annotated[str, Path(pattern="^[a-z_]{1,40}$")]) -> Response:
    """One figure."""
    drawn = exports.picture(found, name)
    if drawn is None:
        raise HTTPException(404, "There is no such figure of this run.")
    return Response(drawn, media_type="image/png")
