"""initlab gets a neural network right before its first training step.

It compares initializations by training the same network under all of them, knows the schemes of the literature with
their laws, and draws weights that are a pure function of seed, name and index.

    >>> import initlab
    >>> result = initlab.compare(schemes="zeros, he", seeds=3, iterations=100)

Importing initlab loads none of what it stands on: a name brings its own when it is first used.
"""

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from initlab import course as course
    from initlab.api.check import assert_healthy as assert_healthy
    from initlab.api.check import check as check
    from initlab.api.compare import Comparison as Comparison
    from initlab.api.compare import compare as compare
    from initlab.api.gradcheck import assert_gradients as assert_gradients
    from initlab.api.gradcheck import gradcheck as gradcheck
    from initlab.api.plan import Plan as Plan
    from initlab.api.plan import Verified as Verified
    from initlab.api.plan import init as init
    from initlab.api.plan import plan as plan
    from initlab.api.plan import verify as verify
    from initlab.errors import InitlabError as InitlabError
    from initlab.errors import UsageError as UsageError
    from initlab.experiments.spec import Experiment as Experiment
    from initlab.gradients.case import GradientCase as GradientCase
    from initlab.plans.policy import Policy as Policy
    from initlab.streams import sample as sample

_HOMES = {
    "Comparison": "initlab.api.compare",
    "Experiment": "initlab.experiments.spec",
    "GradientCase": "initlab.gradients.case",
    "InitlabError": "initlab.errors",
    "Plan": "initlab.api.plan",
    "Policy": "initlab.plans.policy",
    "UsageError": "initlab.errors",
    "assert_gradients": "initlab.api.gradcheck",
    "Verified": "initlab.api.plan",
    "assert_healthy": "initlab.api.check",
    "check": "initlab.api.check",
    "compare": "initlab.api.compare",
    "init": "initlab.api.plan",
    "plan": "initlab.api.plan",
    "gradcheck": "initlab.api.gradcheck",
    "sample": "initlab.streams",
    "verify": "initlab.api.plan",
}
__all__ = ["course", *_HOMES]


def __getattr__(name: str) -> object:
    if name == "course":
        return importlib.import_module("initlab.course")
    if name in _HOMES:
        return getattr(importlib.import_module(_HOMES[name]), name)
    raise AttributeError(f"module 'initlab' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
