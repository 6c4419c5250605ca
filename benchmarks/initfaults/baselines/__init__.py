"""The checkers that initlab is compared with; those whose package is absent are left out, by name."""

from importlib.util import find_spec

from benchmarks.initfaults.baselines.alarm import Checker
from benchmarks.initfaults.baselines.packages import PACKAGES
from benchmarks.initfaults.baselines.rules import RULES


def baselines() -> dict[str, Checker]:
    present = {name: run for name, run in PACKAGES.items() if find_spec(name.replace("-", "_"))}
    return {**present, **RULES}


def absent() -> list[str]:
    return [name for name in PACKAGES if name not in baselines()]
