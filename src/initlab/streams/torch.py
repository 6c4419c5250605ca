"""Streams into torch tensors: into their own storage, whatever their dtype, strides, device or sharding.

    fill_         one tensor: dense or strided, on the CPU or a GPU, or this rank's part of a DTensor
    fill_module   every parameter of a module for which a law is given, also of one built on the meta device

The bits are those of `initlab.streams.sample` for the same name, seed, law and shape. torch's generators are not
touched, and no rank talks to another. A GPU draws elementwise laws itself when Triton is there (`triton.py`);
everything else is drawn on the host and copied in pieces.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence

import torch

from initlab.errors import SpecError
from initlab.laws import Law, MatrixLaw
from initlab.streams.key import Key, stream_key
from initlab.streams.layout import PIECE, Part, Where, canonical, canonical_view, held_axes, overlaps, part_of
from initlab.streams.rounding import Array, dtype_name
from initlab.streams.sample import draw_part, made_of
from initlab.streams.threads import checked_threads
from initlab.streams.transform import ELEMENTWISE, Transform

WRAPPERS = ("_fsdp_wrapped_module", "_orig_mod", "_checkpoint_wrapped_module")
"""Names that torch's wrappers put into the path of a parameter; they are left out of the name of its stream."""


_MANY = {
    torch.float32: "float32",
    torch.float64: "float64",
    torch.bfloat16: "bfloat16",
    torch.float16: "float16",
}
_SMALL = 1 << 14


def parameter_name(path: str) -> str:
    """The path of a parameter without the names that wrappers put in.

    >>> parameter_name("_orig_mod.blocks.0._checkpoint_wrapped_module.fc.weight")
    'blocks.0.fc.weight'
    """
    if not any(wrapper in path for wrapper in WRAPPERS):
        return path
    return ".".join(step for step in path.split(".") if step not in WRAPPERS)


def fill_(
    tensor: torch.Tensor,
    law: Law,
    *,
    name: str,
    seed: int,
    shape: Sequence[int] | None = None,
    where: Where | None = None,
    axes: Sequence[int] | None = None,
    threads: int | None = None,
) -> torch.Tensor:
    """Write a parameter's values into its tensor and return it.

    shape, where   of a tensor that is a part of a larger one: the larger one's shape, and the part, as held
    axes           of a tensor held transposed: axis a as held is axis axes[a] of the canonical order
    For a DTensor, shape and where are those of its placements, and must not be given.

    >>> from initlab.laws import Normal
    >>> weight = fill_(torch.empty(3, 2), Normal(std=0.1), name="fc.weight", seed=0)
    >>> held = fill_(torch.empty(2, 3), Normal(std=0.1), name="fc.weight", seed=0, axes=(1, 0))
    >>> bool((held == weight.T).all())
    True

    Raises SpecError for a tensor on the meta device, one that overlaps itself, or a dtype that is not drawn.
    """
    if tensor.is_meta:
        raise SpecError(f"The tensor of {name!r} must hold memory, got one on the meta device. Use fill_module.")
    workers = checked_threads(threads)
    for local, part in _local_parts(tensor, shape, where):
        order = held_axes(axes, local.ndim)
        turned = Part(
            shape=canonical(part.shape, order),
            starts=canonical(part.starts, order),
            sizes=canonical(part.sizes, order),
        )
        _fill_local(local, law, name, seed, turned, order, workers)
    torch.autograd.graph.increment_version(tensor)
    return tensor


def _local_parts(
    tensor: torch.Tensor, shape: Sequence[int] | None, where: Where | None
) -> Iterator[tuple[torch.Tensor, Part]]:
    """The dense pieces of a tensor that this process holds, each with the part of the whole that it is."""
    tensor = tensor.detach()
    if hasattr(tensor, "placements"):
        from initlab.streams.shards import local_parts

        if shape is not None or where is not None:
            raise SpecError("A DTensor must be given without shape and where: its placements say them.")
        yield from local_parts(tensor)
        return
    part = part_of(tensor.shape if shape is None else shape, where)
    if tuple(tensor.shape) != part.sizes:
        raise SpecError(f"The tensor must have the shape of the part, {part.sizes}, got {tuple(tensor.shape)}.")
    yield tensor, part


def _fill_local(
    local: torch.Tensor, law: Law, name: str, seed: int, part: Part, order: tuple[int, ...], threads: int
) -> None:
    _check_plain(local, name)
    key = stream_key(name, seed)
    if local.device.type == "cpu":
        draw_part(canonical_view(carrier_of(local), order), law, key, part, threads)
        return
    turned = local.permute([order.index(axis) for axis in range(local.ndim)])
    if local.is_cuda:
        from initlab.streams.triton import draw_tensor

        if draw_tensor(turned, law, key, part):
            return
    fill_from_host(turned, law, key, part, threads)


def _check_plain(tensor: torch.Tensor, name: str) -> None:
    """Raise SpecError unless every element of a tensor has memory of its own that holds its value as it is."""
    if tensor.layout != torch.strided:
        raise SpecError(f"The tensor of {name!r} must be dense, got layout {tensor.layout}. Give its dense form.")
    if tensor.is_neg() or tensor.is_conj():
        raise SpecError(f"The tensor of {name!r} must hold its own values, got a lazily negated view. Clone it.")
    if overlaps(tensor.shape, tensor.stride()):
        raise SpecError(f"The tensor of {name!r} must not overlap itself, got strides {tensor.stride()}. Clone it.")


def fill_from_host(tensor: torch.Tensor, law: Law, key: Key, part: Part, threads: int) -> None:
    """Draw on the host and copy: in pieces, but a matrix law, whose every part costs the whole matrix, at once."""
    cut = [(tensor, part)] if isinstance(law, MatrixLaw) else _pieces(tensor, part)
    for piece, inner in cut:
        host = torch.empty(piece.shape, dtype=piece.dtype)
        draw_part(carrier_of(host), law, key, inner, threads)
        piece.copy_(host)


def carrier_of(tensor: torch.Tensor) -> Array:
    """A NumPy view of a CPU tensor's storage; bfloat16 as its bits."""
    dtype_name(str(tensor.dtype).removeprefix("torch."))
    view: Array = (tensor.view(torch.uint16) if tensor.dtype == torch.bfloat16 else tensor).numpy()
    return view


def _pieces(tensor: torch.Tensor, part: Part) -> Iterator[tuple[torch.Tensor, Part]]:
    """A tensor in pieces along its first axis, so that the host holds 16 MiB of it at a time or one row."""
    rows = part.sizes[0] if part.sizes else 1
    step = max(1, 16 * PIECE * rows // max(1, tensor.numel()))
    if step >= rows:
        yield tensor, part
        return
    for first in range(0, rows, step):
        last = min(rows, first + step)
        starts, sizes = (part.starts[0] + first, *part.starts[1:]), (last - first, *part.sizes[1:])
        yield tensor[first:last], Part(shape=part.shape, starts=starts, sizes=sizes)


def fill_module(
    module: torch.nn.Module,
    laws: Mapping[str, Law],
    *,
    seed: int,
    device: str | torch.device = "cpu",
    axes: Callable[[str], Sequence[int] | None] = lambda name: None,  # noqa: ARG005
    threads: int | None = None,
) -> None:
    """Draw the parameters and buffers of a module that have a law, by their names as `parameter_name` gives them.

    Those on the meta device are first given memory on `device`, without any values being made or moved; a tensor
    that several names share is made once and drawn under the first of them. The others are left as they are.

    >>> from initlab.laws import Constant, Normal
    >>> with torch.device("meta"):
    ...     layer = torch.nn.Linear(3, 2)
    >>> fill_module(layer, {"weight": Normal(std=0.1), "bias": Constant(value=0.0)}, seed=0)
    >>> layer.bias
    Parameter containing:
    tensor([0., 0.], requires_grad=True)

    Raises SpecError for a law whose name the module does not have, and as `fill_` does.
    """
    tensors = dict(_named_tensors(module))
    unknown = laws.keys() - tensors.keys()
    if unknown:
        raise SpecError(f"The laws must be of tensors that the module has, got {min(unknown)!r}.")
    if any(tensors[name].is_meta for name in laws):
        materialize(module, {tensors[name] for name in laws if tensors[name].is_meta}, torch.device(device))
        tensors = dict(_named_tensors(module))
    small = [name for name in laws if axes(name) is None and is_small(tensors[name], laws[name])]
    for name in laws.keys() - set(small):
        fill_(tensors[name], laws[name], name=name, seed=seed, axes=axes(name), threads=threads)
    fill_small({name: tensors[name] for name in small}, laws, seed)


def _named_tensors(module: torch.nn.Module) -> Iterator[tuple[str, torch.Tensor]]:
    """Parameters and buffers under their canonical names, a shared one under its first name."""
    for path, tensor in (*module.named_parameters(), *module.named_buffers()):
        yield parameter_name(path), tensor


def materialize(
    module: torch.nn.Module, wanted: set[torch.Tensor], device: torch.device
) -> dict[torch.Tensor, torch.Tensor]:
    """Put tensors with memory in the place of those on the meta device; one that several names share is made once."""
    made: dict[torch.Tensor, torch.Tensor] = {old: torch.empty_like(old, device=device) for old in wanted}
    for old, new in made.items():
        if isinstance(old, torch.nn.Parameter):
            made[old] = torch.nn.Parameter(new, requires_grad=old.requires_grad)
    for owner in module.modules():
        for held in (owner._parameters, owner._buffers):
            for name, old in held.items():
                if old in made:
                    held[name] = made[old]
    return made


def is_small(tensor: torch.Tensor, law: Law) -> bool:
    """Whether a tensor is one of the small ones that `many.py` fills in one call, itself or by way of a copy."""
    if type(law) not in ELEMENTWISE or tensor.dtype not in _MANY or not 0 < tensor.numel() <= _SMALL:
        return False
    if tensor.device.type != "cpu" or hasattr(tensor, "placements") or tensor.layout != torch.strided:
        return False
    return not tensor.is_neg() and (tensor.is_contiguous() or not overlaps(tensor.shape, tensor.stride()))


def fill_small(tensors: Mapping[str, torch.Tensor], laws: Mapping[str, Law], seed: int) -> None:
    """Draw small tensors, whole and in canonical order, in one call. No tensor does nothing."""
    if not tensors:
        return
    from initlab.streams.many import Target, fill_many

    targets, copies = [], []
    for name, tensor in tensors.items():
        made = made_of(laws[name], _MANY[tensor.dtype])
        assert isinstance(made, Transform)
        drawn, half = tensor, tensor.dtype == torch.float16
        if half or not tensor.is_contiguous():
            drawn = torch.empty(tensor.shape, dtype=torch.float32 if half else tensor.dtype, device="cpu")
            copies.append((tensor.detach(), drawn))
        targets.append(Target(drawn.data_ptr(), drawn.numel(), _MANY[drawn.dtype], made, stream_key(name, seed)))
    fill_many(targets)
    for tensor, drawn in copies:
        tensor.copy_(drawn)
    torch.autograd.graph.increment_version(tensors.values())
