"""Running a model once, on stand-ins, and writing down what becomes of each parameter.

Every operation is seen as torch's dispatcher sees it: functional calls, in-place ones, modules used twice. A product
with a parameter is not computed: its output has the right shape and arbitrary values. So the run needs next to no
time or memory, whatever the size of the weights.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import torch
from torch import nn
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves, tree_map

from initlab.adapters.torch.flow import GRID, Addition, Event, Fact, ParamUse, Product, ProductKind, Recording, Source
from initlab.adapters.torch.flow import Use as UseName

Handler = Callable[["Recorder", "Call"], Any]


class Call:
    """One operation: what is called, with what, and what is known of the tensors among it."""

    def __init__(self, recorder: "Recorder", func: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:  # noqa: ANN401
        self.recorder, self.func, self.args, self.kwargs = recorder, func, args, kwargs
        self.name = func.overloadpacket.__name__
        self.base = self.name[:-1] if self.name.endswith("_") and not self.name.startswith("__") else self.name
        self.tensors = [each for each in tree_leaves((args, kwargs)) if isinstance(each, torch.Tensor)]
        known = [recorder.fact(each) for each in self.tensors]
        self.facts = [each for each in known if each is not None]
        self.params = [each for each in self.facts if each.param is not None]
        self.streams = [each for each in self.facts if each.param is None]

    def run(self) -> Any:  # noqa: ANN401
        """Execute it."""
        return self.func(*self.args, **self.kwargs)

    @property
    def mask(self) -> int:
        """A bit for each tensor that the result depends on."""
        return union(each.mask for each in self.facts)

    @property
    def work(self) -> int:
        """A bit for each product that the result depends on."""
        return union(each.work for each in self.facts)


def union(masks: Iterator[int] | Any) -> int:  # noqa: ANN401
    """All bits of some masks."""
    every = 0
    for mask in masks:
        every |= mask
    return every


class Recorder(TorchDispatchMode):  # type: ignore[misc]
    """The mode under which a model runs while it is recorded. If `strict`, on an input that is not guessed."""

    def __init__(self, handler: Callable[[Call], Handler], *, strict: bool = False) -> None:
        super().__init__()
        self.strict = strict
        self.recording = Recording()
        self.places: list[str] = [""]
        self.shapes: dict[str, tuple[int, ...]] = {}
        self._handler = handler
        self._facts: dict[int, tuple[torch.Tensor, Fact]] = {}
        self._nodes = 0
        self._inputs = 0

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:  # noqa: ANN401
        call = Call(self, func, args, kwargs or {})
        return self._handler(call)(self, call) if call.facts else call.run()

    def fact(self, tensor: torch.Tensor) -> Fact | None:
        """What is known of a tensor."""
        held = self._facts.get(id(tensor))
        return None if held is None else held[1]

    def know(self, tensor: object, fact: Fact) -> None:
        """Keep what is known of a tensor, and the tensor, so that no other takes its identity."""
        if isinstance(tensor, torch.Tensor):
            self._facts[id(tensor)] = (tensor, fact)

    def new(self, *, mask: int = 0, work: int = 0, **known: Any) -> Fact:  # noqa: ANN401
        """A fact of a new tensor."""
        self._nodes += 1
        return Fact(node=self._nodes, mask=mask | 1 << self._nodes, work=work, **known)

    def know_input(self, value: object) -> None:
        """Mark the tensors of the model's input."""
        for tensor in tree_leaves(value):
            if isinstance(tensor, torch.Tensor):
                fact = self.new()
                self._inputs |= fact.mask
                self.know(tensor, fact)

    def know_parameter(self, name: str, tensor: torch.Tensor) -> None:
        """Mark a parameter, each entry by its index along each axis."""
        self.shapes[name] = tuple(tensor.shape)
        axes = []
        for axis, size in enumerate(tensor.shape):
            along = [1] * tensor.ndim
            along[axis] = size
            axes.append(torch.arange(size).view(along).expand(tensor.shape))
        self.know(tensor, self.new(param=name, axes=tuple(axes), curve=GRID))

    def used(self, fact: Fact, use: UseName) -> None:
        """Write down what became of the products that a tensor comes from."""
        for source in fact.sources:
            event = Event(use=use, product=source.product, rows=source.rows(), curve=fact.curve)
            self.recording.events.append(event)

    def used_param(self, fact: Fact, operation: str, on: list[Fact], product: Product | None = None) -> None:
        """Write down what was done with a parameter."""
        assert fact.param is not None
        use = ParamUse(
            param=fact.param,
            operation=operation,
            curve=fact.curve,
            normed=any(each.normed for each in on),
            scores=any(each.scores for each in on),
            spread=sum(size > 1 for size in fact.axes[0].shape) if fact.axes else 1,
            place=self.places[-1],
            product=product,
        )
        self.recording.uses.append(use)

    def produced(
        self,
        weight: Fact | None,
        source: Fact | None,
        kind: ProductKind,
        outputs: int,
        **known: Any,  # noqa: ANN401
    ) -> Product:
        """Write down a product of a weight with a tensor."""
        product = Product(
            index=len(self.recording.products),
            weight=None if weight is None else weight.param,
            kind=kind,
            before=0 if source is None else source.work,
            mask=0 if source is None else source.mask,
            node=None if source is None else source.node,
            attended=source is not None and source.attended,
            place=self.places[-1],
            outputs=outputs,
            of_input=source is not None and bool(source.mask & self._inputs),
            **known,
        )
        self.recording.products.append(product)
        return product

    def of_product(self, product: Product, call: Call, units: torch.Tensor | None) -> Fact:
        """The fact of a product's output."""
        sources = (Source(product=product, units=units),)
        return self.new(mask=call.mask, work=call.work | 1 << product.index, sources=sources, curve=GRID)

    def added(self, branch: Fact, width: int, fact: Fact) -> None:
        """Write down that a branch was added to a residual stream."""
        products = tuple(source.product for source in branch.sources)
        addition = Addition(
            place=self.places[-1], products=products, scales=branch.scales, width=width, mask=fact.mask, node=fact.node
        )
        self.recording.additions.append(addition)

    @contextmanager
    def inside(self, modules: Mapping[str, nn.Module]) -> Iterator[None]:
        """Know in which module each operation is called."""
        hooks = []
        for name, module in modules.items():

            def enter(_module: nn.Module, _args: Any, place: str = name) -> None:  # noqa: ANN401
                self.places.append(place)

            def leave(_module: nn.Module, _args: Any, _out: Any) -> None:  # noqa: ANN401
                self.places.pop()

            hooks += [module.register_forward_pre_hook(enter), module.register_forward_hook(leave)]
        try:
            yield
        finally:
            for hook in hooks:
                hook.remove()


def first_of(out: Any) -> torch.Tensor:  # noqa: ANN401
    """The result of an operation, or the first of its results."""
    first: torch.Tensor = out[0] if isinstance(out, (list, tuple)) else out
    return first


_MATRICES = frozenset({"mm", "addmm", "bmm", "baddbmm", "_grouped_mm"})
"""Products of matrices, whose shapes need no asking."""


def stand_in(call: Call) -> Any:  # noqa: ANN401
    """The result of an operation in shape only, some numbers between -1 and 1; computed where the shape needs it."""
    if call.base in _MATRICES:
        first, second = call.args[-2:] if call.base != "_grouped_mm" else call.args[:2]
        if call.recorder.strict:
            _fit(first, second, call.recorder.places[-1])
        return _numbers(torch.empty(*first.shape[:-1], second.shape[-1], dtype=first.dtype, device="meta"))
    try:
        made = call.func(*tree_map(_hollow, call.args), **tree_map(_hollow, call.kwargs))
    except (RuntimeError, NotImplementedError):
        return call.run()
    return tree_map(_numbers, made)


def _fit(first: torch.Tensor, second: torch.Tensor, place: str) -> None:
    """Raise RuntimeError for matrices that cannot be multiplied, in the module of that name."""
    one, two = ("×".join(map(str, each.shape)) for each in (first, second))
    if first.is_floating_point() != second.is_floating_point():
        one, two = (str(each.dtype).removeprefix("torch.") for each in (first, second))
    elif first.shape[-1] == second.shape[-2]:
        return
    raise RuntimeError(f"{one} and {two} cannot be multiplied" + (f" in {place}" if place else ""))


def _hollow(value: object) -> object:
    if not isinstance(value, torch.Tensor):
        return value
    return torch.empty_strided(value.shape, value.stride(), dtype=value.dtype, device="meta")


def _numbers(value: object) -> object:
    if not isinstance(value, torch.Tensor):
        return value
    if not value.is_floating_point():
        return torch.zeros(value.shape, dtype=value.dtype)
    ramp = torch.linspace(-1, 1, max(1, value.numel()))[: value.numel()]
    return ramp.view(value.shape).to(value.dtype)
