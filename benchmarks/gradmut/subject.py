"""initlab.gradcheck on a case, and what it answered, in plain values."""

from typing import Any

from benchmarks.gradmut.case import Case

import initlab
from initlab.errors import InitlabError
from initlab.gradients.case import GradientCase


def initlab_says(case: Case) -> dict[str, Any]:
    """Verdict, blocks, mistakes and evaluations of one check."""
    try:
        found = _native(case) if case.native is not None else _written(case)
    except InitlabError as error:
        return {"rejected": True, "verdict": "ERROR", "error": str(error), "blocks": {}, "mistakes": []}
    (point,) = found.points
    blocks = {
        each.name: {"verdict": each.verdict, "resolution": each.resolution, "tested": each.tested, "total": each.total}
        for each in point.blocks
    }
    mistakes = [
        {
            "site": each.site,
            "cause": each.cause,
            "text": each.text,
            "others": list(each.others),
            "blocks": list(each.blocks),
        }
        for each in point.mistakes
    ]
    return {
        "rejected": found.verdict in ("WRONG", "STATEFUL", "NONDETERMINISTIC"),
        "verdict": found.verdict,
        "blocks": blocks,
        "mistakes": mistakes,
        "gates": [gate.verdict for gate in point.gates],
        "evaluations": point.evaluations,
        "screening": point.screening,
    }


def _written(case: Case) -> Any:
    return initlab.gradcheck(
        GradientCase(
            cost=case.cost, gradients=case.gradients, parameters=case.parameters, data=case.data, **case.knowledge
        )
    )


def _native(case: Case) -> Any:
    """A function of a framework, given as such with its arguments."""
    return initlab.gradcheck(case.native.function, params=_arguments(case))


def _arguments(case: Case) -> tuple[Any, ...]:
    if case.native.framework == "torch":
        import torch

        return tuple(map(torch.tensor, case.native.arguments))
    import jax

    return tuple(map(jax.numpy.asarray, case.native.arguments))
