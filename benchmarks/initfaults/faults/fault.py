"""A fault: a healthy network, what is done to it, where, how strongly."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import torch
from benchmarks.initfaults.net import Case, Half, Net
from torch import Tensor, nn

Injection = Callable[[Case], Case | None]
FAULT_SEED = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """`places` are the parameters that were broken: naming one, or the module that owns it, is naming the fault."""

    family: str
    host: Net
    label: str
    places: tuple[str, ...]
    inject: Injection
    thread: str = ""

    @property
    def name(self) -> str:
        return f"{self.family}/{self.host.name}/{self.label}"

    @property
    def half(self) -> Half:
        return self.host.half

    def case(self, seed: int = FAULT_SEED) -> Case:
        """The network of that seed, broken. What the injection draws comes from a seed of its own."""
        case = self.host.case(seed)
        torch.manual_seed(1000 + seed)
        with torch.no_grad():
            return self.inject(case) or case

    def named(self, path: str) -> bool:
        """Whether a finding at `path` names what was broken: the tensor, its module, or an op inside that module."""
        return any(_same(path, place) for place in self.places)


def _same(path: str, place: str) -> bool:
    module, _, _ = place.rpartition(".")
    return path == place or (bool(module) and (path == module or path.startswith((module + "/", module + "#"))))


Maker = Callable[[Net], Iterator[Fault]]


def parameters(case: Case) -> dict[str, nn.Parameter]:
    return dict(case.model.named_parameters())


def units(case: Case, name: str) -> Tensor:
    """The weight as rows of units, a view: (out, ...), also of Transformers' Conv1D, which keeps (in, out)."""
    module = case.model.get_submodule(name.rpartition(".")[0])
    weight = parameters(case)[name]
    transposed = type(module).__name__ == "Conv1D" or isinstance(module, nn.ConvTranspose2d)
    return weight.data.transpose(0, 1) if transposed else weight.data


def bias(case: Case, name: str) -> Tensor | None:
    """The bias beside the weight of that name; an LSTM's as well."""
    found = parameters(case).get(name.replace("weight", "bias"))
    return None if found is None else found.data


def places(host: Net) -> tuple[str, ...]:
    """The hidden weights and the head: where a fault of the whole network stands."""
    assert host.sites
    return (*host.sites.hidden, *([host.sites.head] if host.sites.head else ()))


def middle(host: Net) -> str:
    assert host.sites
    return host.sites.hidden[len(host.sites.hidden) // 2]


def on_weights(family: str, host: Net, label: str, names: tuple[str, ...], change: Callable[[Tensor], object]) -> Fault:
    """A fault that changes every named weight in place, given as rows of units."""

    def inject(case: Case) -> None:
        for name in names:
            change(units(case, name))

    return Fault(family=family, host=host, label=label, places=names, inject=inject)
