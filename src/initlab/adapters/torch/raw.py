"""Tensors that a module holds itself, without a layer of a known kind: their roles from what is done with them.

In order: a matrix of a product, a table that is looked up, the scale of a normalisation or of a branch, a bias, a token
put beside the sequence, a shift by position. What is left goes by its name, and is special if that says nothing.
"""

from torch import nn

from initlab.adapters.blocks import whole
from initlab.adapters.roles import TABLE_ROLES, named_role
from initlab.adapters.torch.evidence import Evidence
from initlab.adapters.torch.layouts import Layout, table
from initlab.adapters.torch.names import Named
from initlab.adapters.torch.split import matrix_block
from initlab.parameters import Role


def raw_layout(named: Named, evidence: Evidence) -> Layout:
    """The layout of a tensor by its uses."""
    shape = named.tensor.shape
    for product in evidence.products(named.name):
        if product.kind == "lookup":
            why = "table of rows that are looked up"
            return Layout(role="embedding", blocks=(table(named.tensor),), why=why, kind="table")
        if product.kind != "dense" or not product.out_axes or not product.in_axes:
            continue
        if product.experts == 0 and len(shape) == 3:
            return Layout(role="weight", blocks=(whole(shape),), why="matrices of experts", kind="experts")
        if sorted((*product.out_axes, *product.in_axes)) == list(range(len(shape))):
            held = "(out, in)" if product.out_axes < product.in_axes else "(in, out)"
            block = matrix_block(shape, product.out_axes, product.in_axes)
            return Layout(role="weight", blocks=(block,), why=f"matrix of a product, held as {held}", kind="dense")
    role, why = _role(named, evidence)
    tabular = role in ("embedding", "positional") and len(shape) > 0
    return Layout(role=role, blocks=(table(named.tensor) if tabular else whole(shape),), why=why)


def _role(named: Named, evidence: Evidence) -> tuple[Role, str]:
    name, module = named.name, named.layer
    uses = evidence.uses(name)
    did = {use.operation for use in uses}
    vector = sum(size > 1 for size in named.tensor.shape) <= 1
    if vector and (any(use.operation == "mul" and use.normed for use in uses) or "norm_scale" in did):
        return "norm_scale", "scale of a normalisation: multiplies what was just normalised"
    if "norm_shift" in did:
        return "bias", "shift of a normalisation"
    if evidence.scales_branch(name):
        return "residual_scale", "multiplies a branch before it is added to the residual stream"
    if "bias" in did or (vector and "add" in did):
        return "bias", "added to the outputs of a product" if "bias" in did else "added, the same for every position"
    last = name.rpartition(".")[2]
    if len(named.tensor.shape) <= 2 and last.endswith("bias"):
        return "bias", f"named {last}"
    if "mask" in did or any(use.scores and use.operation == "add" for use in uses):
        return "positional", "added to the scores of an attention"
    if "join" in did:
        return "embedding", "put beside the sequence"
    if "add" in did and not vector:
        return "positional", "added, different for every position"
    return _by_name(named, module, sorted(did))


def _by_name(named: Named, module: nn.Module, did: list[str]) -> tuple[Role, str]:
    last, kind = named.name.rpartition(".")[2], type(module).__name__
    if "norm" in kind.lower() and named.tensor.ndim == 1:
        return ("bias", f"bias of a {kind}") if "bias" in last else ("norm_scale", f"scale of a {kind}, by its name")
    role = named_role(last, TABLE_ROLES)
    if role is not None:
        return role, f"named {last}"
    used = f"used in {', '.join(did)}" if did else "its use was not seen"
    return "special", f"held by {kind} itself; {used}"
