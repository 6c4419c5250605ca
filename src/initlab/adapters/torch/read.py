"""Reading a model: a tensor's layout from its layer, its role and activation from a run, its place from its block."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from torch import nn

from initlab.adapters.blocks import whole
from initlab.adapters.roles import LAYER_ROLES, named_role, special
from initlab.adapters.torch.evidence import Evidence, Part
from initlab.adapters.torch.layouts import Layout, layout_of
from initlab.adapters.torch.names import Named, joined, named_tensors, unwrapped
from initlab.adapters.torch.neutral import neutral_value
from initlab.adapters.torch.raw import raw_layout
from initlab.adapters.torch.reading import Entry, Reading
from initlab.adapters.torch.run import recorded
from initlab.adapters.torch.split import Placed, expert_blocks, split
from initlab.adapters.torch.stacks import Stacks
from initlab.adapters.torch.twin import places
from initlab.parameters import Parameter, Role


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What the parameters of a model are read from."""

    evidence: Evidence
    stacks: Stacks


def read(model: nn.Module, example: object = None) -> Reading:
    """The parameters of a model, with where each lies; `example` is an input to run it on."""
    inner = unwrapped(model)
    named = named_tensors(inner)
    recording = recorded(inner, example)
    known = Known(evidence=Evidence(recording), stacks=Stacks(recording, places(inner)))
    entries = [entry for one in named if not one.buffer for entry in _entries(one, known)]
    return Reading(
        entries={entry.parameter.name: entry for entry in entries},
        buffers=tuple(one.name for one in named if one.buffer),
        note=recording.note,
    )


def _entries(named: Named, known: Known) -> Iterator[Entry]:
    layout = layout_of(named.layer, named.key, named.tensor) or raw_layout(named, known.evidence)
    layout = _marked(named, layout)
    weight = _weight_of(named)
    for placed in _placed(named, layout, weight, known):
        yield Entry(parameter=_parameter(named, layout, placed, weight, known), named=named, block=placed.block)


def _marked(named: Named, layout: Layout) -> Layout:
    """A tensor that a wrapper or the model itself says must not be drawn like others of its layer."""
    why = special(named.name)
    if getattr(named.tensor, "_no_reinit", False):
        why = why or "marked by the model as one that must keep the values it gives"
    if why is None:
        return layout
    return Layout(role="special", blocks=(whole(named.tensor.shape),), why=why)


def _weight_of(named: Named) -> str:
    """The name of the weight that a bias stands beside; for other tensors their own."""
    home, _, key = named.name.rpartition(".")
    module = named.owners[0][0]
    beside = key.replace("bias", "weight") if "bias" in key else key
    if beside not in module._parameters:
        beside = key.removesuffix("_bias")
    return joined(home, beside if beside in module._parameters else key)


def _placed(named: Named, layout: Layout, weight: str, known: Known) -> tuple[Placed, ...]:
    """The blocks of a tensor, each with its role and activation."""
    parts = known.evidence.parts(weight)
    if layout.kind == "experts":
        product = next(each for each in known.evidence.products(named.name) if each.experts == 0)
        return expert_blocks(named.tensor.shape, product, parts)
    if layout.kind in ("dense", "convolution"):
        parts = parts or (_by_name(named.name, known.evidence),)
        return split(layout.blocks[0], parts)
    if layout.kind == "bias" and layout.role == "bias" and len(layout.blocks) == 1:
        return _of_bias(named, layout, parts)
    if layout.kind == "table":
        return (_of_table(named, layout, known.evidence),)
    activations = {"cell": "tanh"} if layout.kind == "recurrent" else {}
    return tuple(
        Placed(
            block=block,
            role=block.role or layout.role,
            activation=activations.get(block.gate or "", "sigmoid") if layout.kind == "recurrent" else None,
            why=block.why or layout.why,
        )
        for block in layout.blocks
    )


def _by_name(name: str, evidence: Evidence) -> Part:
    """The role of a layer that was in no product of the run, from its name."""
    layer = name.rpartition(".")[0] or name
    role = named_role(layer, LAYER_ROLES) or "weight"
    reason = evidence.note or "not reached in the run"
    named = f"named {layer.rpartition('.')[2]}; " if role != "weight" else ""
    return Part(rows=None, role=role, activation=None, why=f"{named}activation unknown: {reason}")


def _of_bias(named: Named, layout: Layout, parts: tuple[Part, ...]) -> tuple[Placed, ...]:
    block = layout.blocks[0]
    if not parts:
        return (Placed(block=block, role="bias", activation=None, why=layout.why),)
    if len(parts) == 1 or named.tensor.ndim != 1:
        return (Placed(block=block, role="bias", activation=parts[0].activation, why=layout.why),)
    blocks = split(block, parts)
    return tuple(
        replace(placed, role="bias", why="; ".join(filter(None, (layout.why, placed.why.partition("; ")[0]))))
        for placed in blocks
    )


def _of_table(named: Named, layout: Layout, evidence: Evidence) -> Placed:
    role: Role = "embedding"
    why = layout.why
    lookups = [each for each in evidence.products(named.name) if each.kind == "lookup"]
    plain = "type" in named.name or "segment" in named.name
    if lookups and all(each.constant for each in lookups) and not plain:
        role, why = "positional", "rows that are looked up by position, whatever the input"
    elif named_role(named.name, (("wpe|pos_?emb|position", "positional"),)):
        role, why = "positional", f"{why}; named {named.name.split('.')[-2]}"
    if any(each.kind == "dense" for each in evidence.products(named.name)):
        why += "; also the matrix of the model's output"
    return Placed(block=layout.blocks[0], role=role, activation=None, why=why)


def _parameter(named: Named, layout: Layout, placed: Placed, weight: str, known: Known) -> Parameter:
    module: Any = named.layer
    block = placed.block
    place = known.stacks.place(named.name, weight)
    neutral = neutral_value(named, known.evidence) if placed.role == "norm_scale" else 1.0
    known_why = (placed.why,) if layout.kind == "table" else (layout.why, placed.why)
    reasons = dict.fromkeys(reason for said in known_why for reason in said.split("; ") if reason)
    why = "; ".join(reasons)
    return Parameter(
        name=named.name if block.label is None else f"{named.name}[{block.label}]",
        shape=block.canonical,
        role=placed.role,
        fan=block.fan,
        activation=placed.activation,
        layer=place.layer,
        depth=place.depth,
        branches=place.branches,
        width=place.width,
        gate=block.gate,
        tied_to=named.names[1:],
        tensor=None if block.label is None else named.name,
        module=type(module).__name__,
        dtype=str(named.tensor.dtype).removeprefix("torch."),
        device=str(named.tensor.device),
        trainable=named.tensor.requires_grad,
        padding=getattr(module, "padding_idx", None) if layout.kind == "table" else None,
        neutral=neutral,
        why=why if neutral == 1.0 else f"{why}; the layer multiplies by {1 - neutral:g} + w",
    )
