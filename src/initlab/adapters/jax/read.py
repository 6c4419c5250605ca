"""Reading a model: the blocks of every array from its layer, its use or its name; then its role from its place."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from initlab.adapters.jax.blocks_of_layers import attention_role, typed
from initlab.adapters.jax.depth import placed_in_depth
from initlab.adapters.jax.flow import Fact
from initlab.adapters.jax.guess import bias_of, guessed
from initlab.adapters.jax.layers import kind_of
from initlab.adapters.jax.leaves import Form, Leaf, Path
from initlab.adapters.jax.names import indexed_names, names
from initlab.adapters.jax.place import Block
from initlab.adapters.jax.traced import Trace, blocks_by_use, relabelled, trace
from initlab.adapters.roles import LAYER_ROLES, named_role
from initlab.parameters import TABLES, Parameter, Role

ATTENTION: tuple[Role, ...] = ("query", "key", "value")
NOT_WEIGHTS = ("batch_stats", "cache", "intermediates")
FROZEN_KINDS = ("BatchStat", "Cache", "Intermediate")


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One parameter, with the block of which array it is."""

    parameter: Parameter
    leaf: int
    block: Block


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """A model's form, the entries of it by the names of their parameters, and the names of its other arrays.

    `note` says why it was not traced, where it was not.
    """

    form: Form
    entries: Mapping[str, Entry]
    buffers: tuple[str, ...] = ()
    note: str = ""


def read(form: Form) -> Reading:
    """The parameters of a model, with where each lies. What no optimiser is given (running averages) is left out."""
    seen = trace(form)
    weights = [place for place, leaf in enumerate(form.leaves) if _is_trained(leaf)]
    shapes: dict[Path, tuple[int, ...]] = {form.leaves[place].path: form.leaves[place].shape for place in weights}
    called = dict(
        zip(weights, names([form.leaves[place] for place in weights], linen=form.kind == "linen"), strict=True)
    )
    blocks = {place: _blocks(form.leaves[place], called[place], place, shapes, seen) for place in weights}
    stacked = indexed_names({place: (form.leaves[place].path, called[place], blocks[place]) for place in weights})
    entries = [
        _entry(form.leaves[place], place, name, called[place], block, seen)
        for place in weights
        for name, block in zip(stacked[place], blocks[place], strict=True)
    ]
    entries = _in_order(_with_kernels(entries, form.leaves, seen), seen)
    parameters = placed_in_depth([entry.parameter for entry in entries])
    made = [replace(entry, parameter=parameter) for entry, parameter in zip(entries, parameters, strict=True)]
    others = tuple(".".join(leaf.path) for leaf in form.leaves if not _is_trained(leaf))
    found = {entry.parameter.name: entry for entry in made}
    return Reading(form=form, entries=found, buffers=others, note="" if seen is not None else _note(form))


def _note(form: Form) -> str:
    """Why a model was not traced."""
    if form.forward is None:
        return "arrays alone cannot be run"
    return (
        "no input could be guessed for it" if form.inputs is None else "it does not run on the input given or guessed"
    )


def _is_trained(leaf: Leaf) -> bool:
    return leaf.path[0] not in NOT_WEIGHTS and leaf.kind not in FROZEN_KINDS


def _in_order(entries: Sequence[Entry], seen: Trace | None) -> list[Entry]:
    """The parameters in the order in which they are used, where that is known; else as they are held."""
    if seen is None:
        return list(entries)
    first: dict[tuple[int, tuple[int, ...]], int] = {}
    for use in seen.uses:
        for index in (tuple(cut for _, cut in use.index), ()):
            first.setdefault((use.view.weight, index), use.at)  # type: ignore[arg-type]
    order: dict[str, int] = {}
    last = -1
    for entry in entries:
        mine = (entry.leaf, entry.block.place.index)
        last = order[entry.parameter.name] = first.get(mine, first.get((entry.leaf, ()), last))
    return sorted(entries, key=lambda entry: order[entry.parameter.name])


def _blocks(
    leaf: Leaf, name: str, place: int, shapes: Mapping[Path, tuple[int, ...]], seen: Trace | None
) -> tuple[Block, ...]:
    """The layer's word counts before the use, and the use before the name."""
    found = typed(leaf)
    if not found and seen is not None:
        found = blocks_by_use(leaf.shape, seen.of(place), seen.normed)
    found = found or guessed(leaf, name, shapes)
    if seen is None:
        return found
    return tuple(part for block in found for part in _unpacked(block, _fact(place, block, seen)))


def _fact(place: int, block: Block, seen: Trace) -> Fact | None:
    """What is known of a kernel, or of the kernel that a bias belongs to."""
    return seen.shifted(place) if block.role == "bias" else seen.fact(place, block.place.index)


def _unpacked(block: Block, fact: Fact | None) -> tuple[Block, ...]:
    """A projection that makes several of queries, keys and values is a block each."""
    if fact is None or block.role not in ("weight", "bias") or len(block.place.groups) > 2:
        return (block,)
    parts = [role for role in ATTENTION if role in fact.parts]
    return relabelled(block, parts) if len(parts) > 1 else (block,)


def _entry(leaf: Leaf, place: int, name: str, tensor: str, block: Block, seen: Trace | None) -> Entry:
    fact = seen.fact(place, block.place.index) if seen is not None else None
    layer = tensor.rpartition(".")[0]
    role, why, activation = block.role, block.why, _activation(block.role, fact)
    if block.gate is not None and kind_of(leaf.holder) is not None:
        activation = "tanh" if block.gate == "cell" else "sigmoid"
    if role == "weight" and block.gate is None:
        role, said = _role(leaf, layer, fact, traced=seen is not None)
        why += f"; {said}" if said else ""
    elif role == "embedding" and _by_position(place, name, seen):
        role, why = "positional", "rows that are looked up by position, whatever the input"
    if role in TABLES and fact is not None:
        why += "; also multiplied as an output layer"
    packed = block.label is not None or bool(block.place.index)
    parameter = Parameter(
        name=name if block.label is None else f"{name}[{block.label}]",
        shape=block.place.shape,
        role=role,
        fan=block.fan,
        activation=None if role == "head" and activation == "linear" else activation,
        gate=block.gate,
        tied_to=tuple(names_of_aliases(leaf)),
        tensor=tensor if packed else None,
        module=kind_of(leaf.holder),
        dtype=leaf.dtype,
        device=_device(leaf),
        neutral=block.neutral,
        why=why,
    )
    return Entry(parameter=parameter, leaf=place, block=block)


def _by_position(place: int, name: str, seen: Trace | None) -> bool:
    """Whether no data choose the rows of a table: as it is used, or by its name where that is not known."""
    if seen is None:
        return named_role(name, (("wpe|pos_?emb|position", "positional"),)) is not None
    return not seen.of(place)


def names_of_aliases(leaf: Leaf) -> list[str]:
    """The names of the other places that hold an array."""
    return names([replace(leaf, path=path) for path in leaf.aliases], linen=False)


def _activation(role: Role, fact: Fact | None) -> str | None:
    return fact.walk.activation if fact is not None and role not in TABLES else None


def _role(leaf: Leaf, layer: str, fact: Fact | None, *, traced: bool) -> tuple[Role, str]:
    """The role of a kernel: by the layer above, by the flow, and by name where there is neither."""
    above = attention_role(leaf)
    if above is not None:
        return above, f"the {leaf.path[-2]} of {kind_of(leaf.holders[-2])}"
    named = named_role(layer, LAYER_ROLES)
    if fact is None:
        return ("weight", "") if traced or named is None else (named, f"named {layer.rpartition('.')[2]}")
    if "attention_out" in fact.parts:
        return "attention_out", "takes what attention gives"
    asked = [role for role in ATTENTION if role in fact.parts]
    if asked:
        chosen = named if named in asked or (named in ATTENTION and asked[0] != "value") else asked[0]
        return chosen, f"makes the {chosen} of an attention"
    if fact.residual:
        return "residual_out", "its output is added to what its branch was computed from"
    if fact.walk.gates:
        return "gate", "goes through an activation and multiplies another branch"
    if fact.last:
        return "head", "no kernel comes after it"
    return ("input", "no kernel comes before it") if fact.first else ("weight", "")


def _with_kernels(entries: Sequence[Entry], leaves: Sequence[Leaf], seen: Trace | None) -> list[Entry]:
    """Each bias with the fan of its kernel, and what follows it: the one it is added to, or the one beside it."""
    kernels: dict[tuple[int, tuple[int, ...]], Parameter] = {}
    beside: dict[tuple[Path | None, tuple[int, ...]], Parameter] = {}
    paths = [leaf.path for leaf in leaves]
    norms = {leaves[entry.leaf].path[:-1] for entry in entries if entry.parameter.role == "norm_scale"}
    for entry in entries:
        if entry.parameter.role != "bias" and entry.parameter.fan is not None and len(entry.parameter.shape) > 1:
            index = entry.block.place.index
            kernels.setdefault((entry.leaf, index), entry.parameter)
            beside.setdefault((bias_of(leaves[entry.leaf].path, paths), index), entry.parameter)
    made = []
    for entry in entries:
        parameter, own = entry.parameter, leaves[entry.leaf].path
        if parameter.role == "bias" and own[:-1] not in norms:
            fact = seen.shifted(entry.leaf) if seen is not None else None
            kernel = beside.get((own, entry.block.place.index))
            if fact is not None:
                kernel = kernels.get((fact.use.view.weight, entry.block.place.index), kernel)
            if kernel is not None:
                parameter = replace(parameter, fan=parameter.fan or kernel.fan, activation=kernel.activation)
        made.append(replace(entry, parameter=parameter))
    return made


def _device(leaf: Leaf) -> str:
    if not hasattr(leaf.value, "devices"):
        return "meta"
    kinds = sorted({device.platform for device in leaf.value.devices()})
    return kinds[0] if kinds else "cpu"
