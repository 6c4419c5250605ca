"""An experiment as the command line, the Python call and the TOML file that repeat it."""

import json
import shlex

from initlab.experiments.spec import Experiment


def changed(experiment: Experiment) -> dict[str, object]:
    """The fields that differ from their defaults, but for the words of a preset."""
    plain = Experiment()
    words = ("title", "about")
    return {name: value for name, value in experiment if name not in words and value != getattr(plain, name)}


def command(experiment: Experiment) -> str:
    """The command line.

    >>> command(Experiment(seeds=5, schemes="he, random(3)"))
    "initlab compare --schemes 'he, random(3)' --seeds 5"
    """
    return shlex.join(["initlab", "compare", *(part for item in changed(experiment).items() for part in _flag(*item))])


def _flag(name: str, value: object) -> list[str]:
    flag = f"--{name.replace('_', '-')}"
    if isinstance(value, bool):
        return [flag if value else flag.replace("--", "--no-", 1)]
    return [
        flag,
        (", " if name == "schemes" else ",").join(map(str, value)) if isinstance(value, tuple) else str(value),
    ]


def python(experiment: Experiment) -> str:
    """The Python call.

    >>> python(Experiment(seeds=5, layers=(3,)))
    'initlab.compare(layers=(3,), seeds=5)'
    """
    return f"initlab.compare({', '.join(f'{name}={value!r}' for name, value in changed(experiment).items())})"


def toml(experiment: Experiment) -> str:
    """The spec file, with every field that is set.

    >>> print(toml(Experiment(seeds=5, layers=(3,))), end="")
    layers = [3]
    seeds = 5
    """
    words = {"title": experiment.title, "about": experiment.about}
    fields = {name: value for name, value in words.items() if value} | changed(experiment)
    return "".join(f"{name} = {json.dumps(value, ensure_ascii=False)}\n" for name, value in fields.items())
