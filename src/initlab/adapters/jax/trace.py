"""Trace a JAX model: one pass forward and backward, then the same after each of two virtual optimizer steps.

The model is written out as a flat program of primitives, stacks of layers unrolled. Zeros are added to the values that
are measured; the gradients with respect to them, from the one backward pass that gives those of the weights, are what
the loss thinks of the values. The model given is not changed: JAX's never are.
"""

import math
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from initlab.adapters.batches import misfit
from initlab.adapters.jax import trace_statistics as statistics
from initlab.adapters.jax import trace_weights
from initlab.adapters.jax.execute import measured, run
from initlab.adapters.jax.inputs import standing
from initlab.adapters.jax.leaves import Form
from initlab.adapters.jax.model import parts_of
from initlab.adapters.jax.model import read as read_form
from initlab.adapters.jax.program import Number, Program, traced
from initlab.adapters.jax.read import read
from initlab.adapters.jax.sites import Site, Sites
from initlab.adapters.jax.trace_batch import Batch, batch_of
from initlab.adapters.jax.trace_loss import Found, better, loss_of, place_of
from initlab.adapters.jax.trace_marks import Marks
from initlab.adapters.jax.trace_output import output_of
from initlab.adapters.jax.trace_records import Reader
from initlab.adapters.jax.uses import uses_of
from initlab.adapters.jax.views import views_of
from initlab.adapters.losses import declared
from initlab.adapters.trace_record import EXAMPLES, Record, again, finished, unseen
from initlab.adapters.virtual_steps import EPSILON, RATE, STEPS
from initlab.errors import DataError, InitlabError
from initlab.trace import Kind, Output, Pass, Squash, Trace, Weight


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

    Raises DataError when the model cannot be called, does not run on the batch, or its loss is no scalar.
    """
    declared(loss)
    form = read_form(model)
    if form.trains is None:
        raise DataError("The model must come with what calls it, got weights alone. Return (apply, weights, inputs).")
    if any(isinstance(leaf.value, jax.ShapeDtypeStruct) for leaf in form.leaves):
        raise DataError("The weights must hold numbers, got shapes alone. Initialize the model first.")
    parts = parts_of(model)
    fed = batch_of(form, parts.weights if parts.apply is None else parts.apply, batch, seed=seed)
    found = Run(form, fed, loss, seed)
    passes = found.passes(steps, rate)
    return Trace(
        framework="jax",
        weights=found.weights(),
        passes=passes,
        output=found.output,
        cosine=_input_cosine(fed, passes[0]),
        fed=_fed(fed),
        batch=fed.words,
        loss=found.loss.words,
        unseen=found.unseen,
        rate=rate,
        residual=found.marks.joins,
        normalised=any(site.kind == "norm" for site in found.sites),
    )


class Run:
    """The passes of one model on one batch."""

    def __init__(self, form: Form, batch: Batch, loss: str | Callable[..., Any] | None, seed: int) -> None:
        self.form, self.batch, self.asked, self.seed = form, batch, loss, seed
        self.arrays: list[Any] = [jnp.asarray(leaf.value) for leaf in form.leaves]
        self.held = trace_weights.weights_of(read(_with_inputs(form, batch)))
        self.inputs = tuple(jnp.asarray(each) for each in batch.args)
        self.program, self.structure, self.place = self._program()
        self.views = views_of(self.program)
        self.uses = uses_of(self.program)
        finder = Sites(program=self.program, uses=self.uses, views=self.views)
        self.sites: list[Site] = finder.found()
        self.marks = Marks(program=self.program, sites=self.sites)
        self.reached = trace_weights.reaching(self.program, self.program.outputs, past_cuts=False)
        self.reader = Reader(self.sites, self.marks, self.held, batch.examples)
        self.loss = self._loss()
        self.output: Output | None = None
        self.first: list[Record] = []
        self.unseen = unseen(self._others())

    def _others(self) -> dict[str, set[str]]:
        """What is read by primitives that are not understood, loops that are kept whole among them."""
        found: dict[str, set[str]] = {}
        for use in self.uses:
            if use.kind == "other":
                found.setdefault(use.what, set()).add(trace_weights.name_of(use.view, self.held) or "")
        return found

    def _program(self) -> tuple[Program, Any, int]:
        weights, inputs = [standing(each) for each in self.arrays], [standing(each) for each in self.inputs]
        assert self.form.trains is not None
        try:
            output = jax.eval_shape(self.form.trains, weights, inputs)
            program = traced(
                lambda given, fed: jax.tree_util.tree_leaves(self.form.trains(given, fed)),  # type: ignore[misc]
                weights,
                inputs,
                exact=True,
            )
        except InitlabError:
            raise
        except Exception as error:
            whole = self.batch.tokens is not None
            raise misfit(self.batch.words, error, whole=whole) from error
        return program, jax.tree_util.tree_structure(output), place_of(output)

    def _loss(self, kind: str | None = None) -> Found:
        shape = self.program.shapes[self.program.outputs[self.place]]
        return loss_of(
            self.asked,
            self.structure,
            self.place,
            shape,
            self.batch.target,
            tokens=self.batch.tokens,
            seed=self.seed,
            kind=kind,
        )

    def passes(self, steps: int, rate: float) -> tuple[Pass, ...]:
        """A pass after each of 0, 1, ... steps; fewer where the loss stops being finite."""
        nudges, compiled, arrays, found = (
            self._nudges(),
            measured(self.program, self.loss.function),
            self.arrays,
            list[Pass](),
        )
        for step in range(steps + 1):
            (loss, (outputs, tapped)), (gradients, backward) = compiled(arrays, nudges, self.inputs)
            if step == 0 and (kind := self._better(outputs)) != self.loss.kind:
                self.loss = self._loss(kind)
                compiled = measured(self.program, self.loss.function)
                (loss, (outputs, tapped)), (gradients, backward) = compiled(arrays, nudges, self.inputs)
            if step == 0:
                self._keep(outputs, float(loss))
            sites = again(self.first, found[0].ops) if step == steps and step else frozenset()
            seen = tapped if step == 0 or sites else {}
            found.append(self._pass(float(loss), arrays, seen, gradients, backward, sites if step else None))
            if step == steps or not math.isfinite(found[-1].loss):
                break
            arrays = [_stepped(array, each, rate) for array, each in zip(arrays, gradients, strict=True)]
        return tuple(found)

    def _better(self, outputs: list[Any]) -> str | None:
        """The kind of loss, by what the model puts out; a declared one takes logits, a binary one shares as well."""
        found = better(self.loss.kind, outputs[self.place])
        return found if not self.asked or found == "shares" else self.loss.kind

    def _nudges(self) -> dict[Number, Any]:
        """A zero for each value that is read."""
        taps = dict.fromkeys(self.reader.taps, 0.0)
        shapes = jax.eval_shape(
            lambda weights, inputs: run(self.program, weights, inputs, taps)[1], self.arrays, self.inputs
        )
        return {number: jnp.zeros(each.shape, each.dtype) for number, each in shapes.items()}

    def _keep(self, outputs: list[Any], loss: float) -> None:
        pair = self.loss.pair(outputs) if self.loss.pair is not None else None
        output = output_of(self.loss.kind, pair, loss, given=self.loss.given)
        if self.loss.kind == "cross_entropy" and better(self.loss.kind, outputs[self.place]) == "probabilities":
            floor = math.log1p((outputs[self.place].shape[-1] - 1) / math.e)
            output = replace(output, squash=Squash(function="softmax", site="output", module="", floor=floor))
        self.output = output

    def _pass(
        self,
        loss: float,
        arrays: list[Any],
        tapped: dict[Number, Any],
        gradients: list[Any],
        backward: dict[Number, Any],
        sites: frozenset[str] | None,
    ) -> Pass:
        """The account of one pass: without values, of no operation; else of all, or of what is amiss at some sites."""
        back = {number: each for number, each in backward.items() if number in self.reached}
        records = self.reader.records(tapped, back, arrays, sites) if tapped else []
        for place in self.marks.ops.get(self.program.outputs[self.place], ()) if records else ():
            records[place].head = records[place].kind == "linear"
        self.first = self.first or records
        reached = {leaf for leaf, number in enumerate(self.program.weights) if number in self.reached}
        measured_gradients = {
            name: trace_weights.gradient(held, gradients, arrays)
            for name, held in self.held.items()
            if held.leaf in reached
        }
        return Pass(loss=loss, ops=finished(records), gradients=measured_gradients)

    def weights(self) -> tuple[Weight, ...]:
        """The weights as they are, with how the forward pass read them."""
        anyhow = trace_weights.reaching(self.program, self.program.outputs, past_cuts=True)
        read_by = {use.view.weight for use in self.uses} | {
            leaf for leaf, number in enumerate(self.program.weights) if number in anyhow
        }
        kinds: dict[str, Kind] = {}
        for site in self.sites:
            for view in site.weights:
                name = trace_weights.name_of(view, self.held)
                if name is not None:
                    kinds.setdefault(name, site.kind)
        found = []
        for name, held in self.held.items():
            number = self.program.weights[held.leaf]
            cut = "stop_gradient" if number in anyhow and number not in self.reached else ""
            weight = trace_weights.measured(name, held, self.arrays)
            found.append(trace_weights.with_use(weight, held, kinds.get(name), cut, used=held.leaf in read_by))
        return tuple(found)


def _with_inputs(form: Form, batch: Batch) -> Form:
    inputs = tuple(jax.ShapeDtypeStruct(each.shape, each.dtype) for each in batch.args)
    return replace(form, inputs=inputs)


def _stepped(array: Any, gradient: Any, rate: float) -> Any:  # noqa: ANN401
    """One step, element by element: θ ← θ - rate · g/√(g² + ḡ² + ε²), ḡ the root mean square of the array."""
    wide = gradient.astype(jnp.promote_types(gradient.dtype, jnp.float32))
    room = jnp.sqrt(jnp.square(wide) + jnp.mean(jnp.square(wide)) + EPSILON**2)
    return array - (rate * wide / room).astype(array.dtype)


def _fed(batch: Batch) -> tuple[float, float] | None:
    """The mean and the standard deviation of the numbers that are fed in; None for whole ones."""
    main = np.asarray(batch.main)
    if np.issubdtype(main.dtype, np.integer):
        return None
    main = main.astype(np.float64)
    return float(main.mean()), float(main.std())


def _input_cosine(batch: Batch, first: Pass) -> float | None:
    """The mean cosine of different examples at the input: of the numbers fed in, or of the first look-up."""
    main = np.asarray(batch.main)
    if np.issubdtype(main.dtype, np.integer):
        return next((op.cosine for op in first.ops if op.kind == "embedding"), None)
    rows = main[:EXAMPLES].astype(np.float64).reshape(min(EXAMPLES, len(main)), -1)
    if len(rows) < 2 or not (np.linalg.norm(rows, axis=1) > 0).all():
        return None
    return statistics.mean_cosine(rows)
