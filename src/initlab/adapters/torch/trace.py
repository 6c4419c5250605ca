"""Trace a PyTorch model: one pass forward and backward, then the same after each of two virtual optimizer steps.

The weights that take a gradient are copied once; every pass runs on the copy, through `functional_call`, and the steps
change the copy. So the model's own weights, buffers, gradients and mode, and all generators, are bit for bit what they
were, also when the model raises. The most memory that is held is that of a plain pass and one copy of the weights.
"""

import math
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from typing import Any

import torch
from torch.func import functional_call

from initlab.adapters.batches import misfit
from initlab.adapters.losses import declared
from initlab.adapters.torch import strays, trace_weights
from initlab.adapters.torch.trace_batch import Batch, batch_of
from initlab.adapters.torch.trace_functions import opened
from initlab.adapters.torch.trace_generators import Generators
from initlab.adapters.torch.trace_gradients import Gradients, norms
from initlab.adapters.torch.trace_guard import failing, paths, seeded, untouched
from initlab.adapters.torch.trace_loss import Found, loss_of
from initlab.adapters.torch.trace_mode import Recorder
from initlab.adapters.torch.trace_output import output_of
from initlab.adapters.torch.trace_squash import squashed
from initlab.adapters.torch.trace_statistics import mean_cosine
from initlab.adapters.trace_record import EXAMPLES, again, finished, unseen
from initlab.adapters.virtual_steps import RATE, STEPS
from initlab.errors import DataError, InitlabError
from initlab.trace import Gradient, Output, Pass, Stray, Trace, Weight


def trace(
    model: Any,  # noqa: ANN401
    batch: Any = None,  # noqa: ANN401
    loss: str | Callable[..., Any] | None = None,
    *,
    steps: int = STEPS,
    rate: float = RATE,
    seed: int = 0,
) -> Trace:
    """Measure a model at step zero.

    `batch` is (inputs, targets), inputs alone, a mapping of the model's arguments, or a `Made`; `loss` a name
    (cross_entropy, mse, bce), a function of output and target, or None to be inferred.

    Raises DataError when the model does not run on the batch, or its loss is no scalar.
    """
    declared(loss)
    model = unwrapped(model)
    fed = batch_of(model, batch, seed=seed)
    groups = trace_weights.groups(model)
    if not any(parameter.requires_grad for parameter, _ in groups.values()):
        raise DataError(f"The model must have a trainable weight, got none. {_missing(model)}")
    unscaled = trace_weights.unscaled(model)
    sizes = norms({name: parameter for name, (parameter, _) in groups.items()})
    with untouched(model, seed=seed):
        run = Run(model, fed, loss, groups, sizes, seed)
        passes = run.passes(steps, rate)
    return Trace(
        framework="torch",
        weights=_weights(model, groups, sizes, run.recorder, passes[0]),
        passes=passes,
        output=run.output,
        cosine=_input_cosine(fed, passes[0]),
        fed=_fed(fed),
        batch=fed.words,
        loss=run.words,
        unseen=unseen(run.recorder.reads.unseen),
        noise=(*run.recorder.noise.left, *run.drew),
        unscaled=unscaled,
        strays=run.strays,
        rate=rate,
        residual=run.recorder.meter.residual,
        normalised=run.normalised,
    )


def _missing(model: Any) -> str:  # noqa: ANN401
    """What to do for a model without a trainable weight."""
    for stray in strays.held(model).values():
        return f"{stray.holder} is {stray.kept}: register it, {stray.code or 'as an attribute'}."
    return "Set requires_grad on what is to be trained."


def unwrapped(model: Any) -> Any:  # noqa: ANN401
    """The model inside a compiled or data-parallel one. Raises DataError for what cannot be traced."""
    while True:
        inner = getattr(model, "_orig_mod", None)
        if inner is None and type(model).__name__ in ("DistributedDataParallel", "DataParallel"):
            inner = model.module
        if inner is None:
            break
        model = inner
    if not isinstance(model, torch.nn.Module):
        raise DataError(f"The model must be a torch.nn.Module, got {type(model).__name__}. Return one.")
    if isinstance(model, torch.jit.ScriptModule):
        raise DataError("The model must be eager, got a scripted one. Give the module it was scripted from.")
    for name, parameter in model.named_parameters():
        if torch.nn.parameter.is_lazy(parameter):
            raise DataError(f"The weights must hold numbers, got {name} of a lazy module. Run it on a batch first.")
        if type(parameter.data).__name__ == "DTensor":
            raise DataError(f"The weights must be whole, got shards in {name}. Check the model before it is sharded.")
        if parameter.is_meta:
            raise DataError(f"The weights must hold numbers, got {name} on meta. Materialise the model first.")
    return model


class _Whole(torch.nn.Module):  # type: ignore[misc]
    """Runs what it is given while its model's weights are replaced: checkpoints run again during the way back."""

    def __init__(self, model: Any) -> None:  # noqa: ANN401
        super().__init__()
        self.model = model

    def forward(self, work: Callable[[], Any]) -> Any:  # noqa: ANN401
        return work()


class Run:
    """The passes of one model on one batch, over a copy of its weights."""

    def __init__(
        self,
        model: Any,  # noqa: ANN401
        batch: Batch,
        loss: str | Callable[..., Any] | None,
        groups: Mapping[str, tuple[Any, tuple[str, ...]]],
        sizes: Mapping[str, float],
        seed: int,
    ) -> None:
        self.model, self.batch, self.loss, self.seed = model, batch, loss, seed
        renormed = _renormed(model)
        self.held = {
            name: parameter.detach().clone().requires_grad_(parameter.requires_grad)
            if parameter.requires_grad or name in renormed
            else parameter
            for name, (parameter, _) in groups.items()
        }
        self.aliases = {alias: name for name, (_, aliases) in groups.items() for alias in aliases}
        self.buffers = list(model.named_buffers(remove_duplicate=False))
        self.gradients = Gradients({name: held for name, held in self.held.items() if held.requires_grad}, sizes)
        self.unowned, self.generators = strays.held(model), Generators(model)
        self.words = ""
        self.output: Output | None = None
        self.strays: tuple[Stray, ...] = ()
        self.normalised, self.drew = False, tuple[str, ...]()
        self.recorder = self._recorder()

    def _recorder(self, again: frozenset[str] | None = None) -> Recorder:
        names = {id(tensor): name for name, tensor in self.held.items()}
        return Recorder(names, self.batch.examples, again)

    def passes(self, steps: int, rate: float) -> tuple[Pass, ...]:
        """A pass after each of 0, 1, ... steps; fewer where the loss stops being finite."""
        found: list[Pass] = []
        for step in range(steps + 1):
            sites = again(self.recorder.meter.records, found[0].ops) if step == steps and step else frozenset()
            recorder = self._recorder(sites) if step else self.recorder
            recorder.recording = step == 0 or bool(sites)
            found.append(self._pass(recorder, rate if step < steps else None))
            if not math.isfinite(found[-1].loss):
                break
        return tuple(found)

    def _pass(self, recorder: Recorder, rate: float | None) -> Pass:
        seeded(self.seed)
        self.generators.rewind()
        buffers = self._fresh()
        recorder.marks.fix(buffers.values())
        held = self.held | {alias: self.held[name] for alias, name in self.aliases.items()} | buffers
        loss, size, measured = functional_call(
            _Whole(self.model),
            {f"model.{name}": tensor for name, tensor in held.items()},
            (lambda: self._there_and_back(recorder, rate),),
            tie_weights=False,
        )
        return Pass(loss=loss, size=size, ops=finished(recorder.meter.records), gradients=measured)

    def _fresh(self) -> dict[str, Any]:
        """The buffers as the model has them, copied for a pass that may change them."""
        copies = {id(buffer): buffer.detach().clone() for _, buffer in self.buffers}
        return {name: copies[id(buffer)] for name, buffer in self.buffers}

    def _there_and_back(self, recorder: Recorder, rate: float | None) -> tuple[float, float, dict[str, Gradient]]:
        """Forward and backward, with a step: the loss, the mean of its parts, and the gradients that there are."""
        seen = recorder.recording
        with paths(self.model, recorder.meter.path) if seen else nullcontext(), self._within(recorder):
            found = self._forward()
        self._heads(recorder, found)
        recorder.recording = False
        loss = float(found.loss.detach())
        coming = self.gradients.coming(rate if math.isfinite(loss) else None, later=self.recorder.detached)
        with coming as gradients, self._within(recorder):
            opened(torch.autograd.backward)(found.loss, inputs=list(self.gradients.weights.values()))
        kept = {name: gradients[name] for name in self.gradients.weights if name in gradients}
        return loss, recorder.unweighted or 0.0, kept

    def _within(self, recorder: Recorder) -> AbstractContextManager[Any]:
        """The recorder, where it records or has something to take away; else nothing stands between."""
        return recorder if recorder.recording or self.recorder.needed else nullcontext()

    def _forward(self) -> Found:
        batch = self.batch
        try:
            output = self.model(*batch.args, **batch.kwargs)
        except InitlabError:
            raise
        except Exception as error:
            whole = not batch.main.is_floating_point()
            raise misfit(batch.words, error, where=failing(self.model, error), whole=whole) from error
        found = loss_of(output, batch.target, self.loss, tokens=batch.tokens, seed=self.seed)
        self.strays = strays.used(self.unowned, found.loss, output) if self.output is None else self.strays
        return found

    def _heads(self, recorder: Recorder, found: Found) -> None:
        """Mark the last weights before the loss, and keep what the loss said in the first pass."""
        for call in recorder.criteria[-1:]:
            mark = recorder.marks.of(call[1][0] if call[1] else call[2]["input"])
            for place in mark.ops:
                recorder.meter.records[place].head = recorder.meter.records[place].kind == "linear"
        if self.output is None:
            self.words = found.words
            self.normalised, self.drew = recorder.meter.normalised, self.generators.moved()
            output = output_of(recorder.criteria, float(found.loss.detach()), given=found.given)
            self.output = replace(output, squash=squashed(recorder.criteria, recorder.marks))


def _renormed(model: Any) -> set[str]:  # noqa: ANN401
    """The weights that a forward pass rewrites: tables with a largest norm."""
    return {
        f"{name}.weight".lstrip(".")
        for name, module in model.named_modules()
        if getattr(module, "max_norm", None) is not None
    }


def _weights(
    model: Any,  # noqa: ANN401
    groups: Mapping[str, tuple[Any, tuple[str, ...]]],
    sizes: Mapping[str, float],
    recorder: Recorder,
    first: Pass,
) -> tuple[Weight, ...]:
    modules = {name: type(module).__name__ for name, module in model.named_modules()}
    found = []
    for name, (parameter, aliases) in groups.items():
        found.append(
            trace_weights.weight(
                name,
                parameter,
                sizes[name],
                aliases=aliases,
                module=modules.get(name.rpartition(".")[0], ""),
                read=recorder.reads.found.get(name),
                cut="" if name in first.gradients or not parameter.requires_grad else _cut(name, recorder),
            )
        )
    return tuple(found)


def _cut(name: str, recorder: Recorder) -> str:
    """What a weight's operations ran into on their way to the loss: detach, no_grad; empty for neither."""
    read = recorder.reads.found.get(name)
    if read is not None and read.cut:
        return read.cut
    readers = {record.place for record in recorder.meter.records if name in record.weights}
    for place, how in recorder.cuts.items():
        upstream, edge = set[int](), {place}
        while edge:
            upstream |= edge
            edge = {each for one in edge for each in recorder.meter.records[one].inputs} - upstream
        if readers & upstream:
            return how
    return ""


def _fed(batch: Batch) -> tuple[float, float] | None:
    """The mean and the standard deviation of the numbers that are fed in; None for whole ones."""
    main = batch.main.detach()
    if not main.is_floating_point():
        return None
    main = main.float()
    return float(main.mean()), float(main.std(correction=0))


def _input_cosine(batch: Batch, first: Pass) -> float | None:
    """The mean cosine of different examples at the input: of the numbers fed in, or of the first look-up."""
    main = batch.main
    if not main.is_floating_point():
        return next((op.cosine for op in first.ops if op.kind == "embedding"), None)
    rows = main.detach()[:EXAMPLES].double().reshape(min(EXAMPLES, main.shape[0]), -1).cpu().numpy()
    return mean_cosine(rows) if len(rows) > 1 and rows.any(1).all() else None
