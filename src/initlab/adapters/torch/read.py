"""Reading a model: every tensor's layout from its layer, then its role from what is known of its place."""

from torch import nn

from initlab.adapters.blocks import Block, whole
from initlab.adapters.torch.layouts import Layout, layout_of
from initlab.adapters.torch.names import Named, named_tensors, unwrapped
from initlab.adapters.torch.reading import Entry, Reading
from initlab.adapters.torch.roles import LAYER_ROLES, TABLE_ROLES, named_role
from initlab.parameters import Parameter, Role


def read(model: nn.Module) -> Reading:
    """The parameters of a model, with where each lies."""
    named = named_tensors(unwrapped(model))
    entries: dict[str, Entry] = {}
    for one in named:
        if one.buffer:
            continue
        for entry in _entries(one):
            entries[entry.parameter.name] = entry
    return Reading(entries=entries, buffers=tuple(one.name for one in named if one.buffer))


def _entries(named: Named) -> list[Entry]:
    layout = _layout(named)
    return [Entry(parameter=_parameter(named, layout, block), named=named, block=block) for block in layout.blocks]


def _layout(named: Named) -> Layout:
    module, key = named.owners[0]
    known = layout_of(module, key, named.tensor)
    if known is not None:
        return known
    shape = named.tensor.shape
    role = named_role(named.name, TABLE_ROLES)
    if role is not None:
        return Layout(role=role, blocks=(whole(shape),), why=f"named {named.name.rpartition('.')[2]}")
    return Layout(role="special", blocks=(whole(shape),), why=f"held by {type(module).__name__} itself, use unknown")


def _parameter(named: Named, layout: Layout, block: Block) -> Parameter:
    module, _ = named.owners[0]
    role = block.role or layout.role
    why = block.why or layout.why
    if role == "weight" and layout.kind == "dense":
        role, why = _by_name(named.name, role, why)
    return Parameter(
        name=named.name if block.label is None else f"{named.name}[{block.label}]",
        shape=block.canonical,
        role=role,
        fan=block.fan,
        gate=block.gate,
        tied_to=named.names[1:],
        tensor=None if block.label is None else named.name,
        module=type(module).__name__,
        dtype=str(named.tensor.dtype).removeprefix("torch."),
        device=str(named.tensor.device),
        trainable=named.tensor.requires_grad,
        padding=getattr(module, "padding_idx", None) if layout.kind == "table" else None,
        why=why,
    )


def _by_name(name: str, role: Role, why: str) -> tuple[Role, str]:
    layer = name.rpartition(".")[0]
    found = named_role(layer, LAYER_ROLES)
    return (role, why) if found is None else (found, f"{why}; named {layer.rpartition('.')[2]}")
