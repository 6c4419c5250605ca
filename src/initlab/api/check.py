"""Check: say what is wrong with a network before its first step."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import fields, replace
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from initlab.adapters.batches import Made
from initlab.checks import report
from initlab.checks.frameworks import framework_of, remedies, tracer
from initlab.checks.prove import proven
from initlab.checks.run import apply
from initlab.checks.trial import tried
from initlab.errors import SpecError
from initlab.experiments import store
from initlab.numerics.matrix import measures
from initlab.plans.weights import read_weights
from initlab.render import check as render
from initlab.render import check_page, json, sarif
from initlab.render.text import printed
from initlab.rules import Edit, Finding
from initlab.trace import Trace, Weight


class Report(report.Report):
    """The result of `check`: pure data that shows itself in a terminal and in a notebook."""

    def __str__(self) -> str:
        return printed(render.text(self))

    __repr__ = __str__

    def _repr_html_(self) -> str:
        return check_page.fragment(self)

    def save(self, path: str | Path, *, source: str = "model") -> Path:
        """Write the report as .html, .sarif or .json, by the name of the file, whole or not at all.

        Raises SpecError for another name, OutputError when it cannot be written.
        """
        path = Path(path)
        drawn = {
            ".html": lambda: check_page.page(self, source=source),
            ".sarif": lambda: json.dumps(sarif.document(self, source=source)) + "\n",
            ".json": lambda: json.dumps(render.document(self)) + "\n",
        }
        if path.suffix not in drawn:
            raise SpecError(f"The output must end in {', '.join(drawn)}, got {path.name!r}. Name it so.")
        store.prepare(path.parent)
        store.write(path, drawn[path.suffix]())
        return path


def check(
    model: Any,  # noqa: ANN401
    batch: Any = None,  # noqa: ANN401
    loss: str | Callable[..., Any] | None = None,
    *,
    input: str | None = None,  # noqa: A002 - the flag's name
    tokens: str | None = None,
    select: Iterable[str] = (),
    ignore: Iterable[str] = (),
    thresholds: Mapping[str, Mapping[str, float]] | None = None,
    prove: bool = False,
    seed: int = 0,
) -> Report:
    """Say what is wrong with a network before its first training step.

    One batch is run forward and backward, and again after each of two virtual optimizer steps; the model is left as it
    was, bit for bit. The batch is (inputs, targets), inputs, or a mapping of the model's arguments; or it is made:
    `input="32x3x224x224"` of unit variance, `tokens="8x128:50257"`; or for the model's first layer. The loss is a
    name (cross_entropy, mse, bce), a function of output and target, the model's own, or inferred. `prove` applies each
    remedy to a copy, checks again, and says whether it cleared.

    >>> import torch
    >>> model = torch.nn.Sequential(torch.nn.Linear(8, 16), torch.nn.ReLU(), torch.nn.Linear(16, 4))
    >>> _ = torch.nn.init.constant_(model[0].weight, 0.1), torch.nn.init.zeros_(model[0].bias)
    >>> [(finding.name, finding.path) for finding in check(model).findings if finding.counts][0]
    ('degenerate-forward', '0.weight')

    Raises UsageError when the model does not run on the batch, or something asked for is not there.
    """
    if sum(given is not None for given in (batch, input, tokens)) > 1:
        raise SpecError("The batch must be given once, got several of batch, input and tokens. Keep one.")
    fed = Made.features(input) if input is not None else Made.tokens(tokens) if tokens is not None else batch
    framework = framework_of(model)
    trace = tracer(framework).trace

    def retrace(changed: Any, **how: Any) -> Any:  # noqa: ANN401
        return trace(changed, fed, loss, seed=seed, **how)

    asked = {
        "batch": "given" if batch is not None else str(fed) if fed is not None else None,
        "loss": getattr(loss, "__name__", loss),
        "select": list(select),
        "ignore": list(ignore),
        "thresholds": {name: dict(given) for name, given in (thresholds or {}).items()},
        "prove": prove,
        "seed": seed,
    }

    def applied(seen: Trace) -> report.Report:
        return apply(seen, select=select, ignore=ignore, thresholds=thresholds, configuration=asked)

    found = applied(retrace(model))
    home = remedies(framework)
    if home is None:
        return _report(found)
    if found.healthy and found.ran("W078"):
        seen = tried(found.trace, model, lambda edits: home.remedied(model, _lines(edits, home), seed=seed), retrace)
        found = applied(seen) if seen.trial else found
    found = replace(found, findings=tuple(replace(each, code=_code(each, home)) for each in found.findings))
    if prove:
        found = proven(found, lambda text: home.remedied(model, text, seed=seed), retrace, thresholds)
    return _report(found)


def _report(found: report.Report) -> Report:
    return Report(**{each.name: getattr(found, each.name) for each in fields(found)})


def check_file(
    path: str | Path,
    *,
    select: Iterable[str] = (),
    ignore: Iterable[str] = (),
    thresholds: Mapping[str, Mapping[str, float]] | None = None,
) -> Report:
    """Check the weights of a safetensors file by the rules that need no model. Raises DataError for a broken file."""
    held = read_weights(Path(path))
    weights = tuple(
        Weight(
            name=name, shape=tuple(array.shape), dtype=held.dtypes[name], **measures(_numbers(array, held.dtypes[name]))
        )
        for name, array in held.arrays.items()
        if held.dtypes[name].startswith(("float", "bfloat"))
    )
    asked = {"file": str(path), "select": list(select), "ignore": list(ignore), "thresholds": dict(thresholds or {})}
    trace = Trace(framework="file", weights=weights, batch="none", loss="none")
    return _report(apply(trace, select=select, ignore=ignore, thresholds=thresholds, configuration=asked))


def _numbers(array: NDArray[Any], dtype: str) -> NDArray[Any]:
    """The numbers of a tensor; those of bfloat16 from their bits."""
    if dtype != "bfloat16":
        return array
    return (array.astype(np.uint32) << 16).view(np.float32)


def assert_healthy(model: Any, batch: Any = None, loss: Any = None, *, strict: bool = False, **options: Any) -> None:  # noqa: ANN401
    """Raise AssertionError, with the report, where a check of the model finds an error; `strict` adds warnings.

    For tests: `initlab.assert_healthy(model, batch)`. Options are those of `check`.

    >>> import torch
    >>> assert_healthy(torch.nn.Linear(8, 4))
    """
    found = check(model, batch, loss, **options)
    if found.errors or (strict and not found.healthy):
        raise AssertionError(f"The network is not right at step zero.\n\n{found}")


def _code(finding: Finding, home: ModuleType) -> str:
    """The remedy of a finding as lines of the model's framework."""
    if finding.remedy.code:
        return finding.remedy.code
    return _lines(finding.remedy.edits, home)


def _lines(edits: tuple[Edit, ...], home: ModuleType) -> str:
    return str(home.code([(edit.weight, edit.law, edit.factor) for edit in edits]))
