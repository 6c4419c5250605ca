"""Which names of initlab's catalogue are right for a kind of mistake, and where its sites lie."""

import re

NAMES: dict[str | None, frozenset[str | None]] = {
    kind: frozenset(names.split())
    for kind, names in {
        "mean": "missing_mean doubled_mean literal_factor",
        "factor": "literal_factor loss_derivative",
        "sign": "sign",
        "zero": "zero_gradient",
        "layout": "layout",
        "off by one": "batch_slice",
        "one example": "batch_slice bias_sum",
        "batch sum": "bias_sum",
        "cache": "wrong_cache",
        "l2": "l2_misscaled l2_missing",
        "l1": "l1_gradient",
        "l2 on bias": "l2_on_bias",
        "l2 not in cost": "l2_not_in_cost",
        "weights": "backward_weights",
        "keep": "keep_prob literal_factor",
        "dropout mask": "dropout_mask",
        "derivative": "activation_derivative_missing",
        "derivative argument": "derivative_argument",
        "derivative of another": "derivative_argument relu_mask",
        "mask": "relu_mask activation_derivative_missing",
        "loss": "loss_derivative",
        "labels": "loss_derivative batch_slice",
        "swapped": "swapped_blocks",
        "function": "upstream_ignored",
        "float32": "low_precision",
    }.items()
}
"""The kinds that the catalogue knows, with the names that it has for them."""

GENERIC = {"missing_mean", "doubled_mean", "literal_factor", "sign", "zero_gradient", "keep_prob"}
"""Names that say no more than a = c n: right wherever that is so, if not what was planted."""

OPEN: dict[str | None, frozenset[str | None]] = {
    kind: frozenset({*names.split(), None})
    for kind, names in {
        "overwritten": "overwritten accumulation",
        "weights updated": "backward_weights",
        "derivative form": "derivative_argument relu_mask activation_derivative_missing",
        "clipped": "clipped",
        "examples": "batch_slice",
        "layout form": "layout",
        "decay form": "l2_misscaled l2_not_in_cost",
        "cache form": "wrong_cache",
        "bias form": "bias_sum zero_gradient",
        "weights form": "backward_weights",
        "loss form": "loss_derivative batch_slice zero_gradient",
    }.items()
}
"""Kinds that it may know or not: a right name is right, and so is none."""


def right_names(causes: frozenset[str | None]) -> frozenset[str | None]:
    """The names that are right for mistakes of these kinds; None is, where no catalogue has one."""
    return frozenset(name for cause in causes for name in (NAMES | OPEN).get(cause, frozenset({None})))


ALGEBRA = frozenset({"mean", "factor", "sign", "zero", "layout", "swapped", "function", "float32"})
"""Kinds that show in the numbers of a block, whatever the program."""


def nameable(causes: frozenset[str | None], *, chain: bool, blocks: int) -> bool:
    """Whether the catalogue has a name for the mistake: in a chain of dense layers, or in any program.

    A transposed factor far above a block is no permutation of the block.
    """
    algebra = ALGEBRA if blocks == 1 else ALGEBRA - {"layout"}
    return bool(causes & (frozenset(NAMES) if chain else algebra))


def places(site: str) -> frozenset[str]:
    """The quantities that a site names: 'dZ2, dZ1' as Z2 and Z1; what is made before dZ is told by it (dA1 as Z1)."""
    found = re.findall(r"[A-Za-z_][\w.]*", site)
    names = (re.sub(r"^d(?=[A-Za-z])", "", name) for name in found)
    return frozenset(re.sub(r"^[AH](?=\d)", "Z", name) for name in names)


def site_is_right(named: frozenset[str], planted: frozenset[str], wrong: list[str], *, chain: bool) -> bool:
    """Whether every named place is one where the mistake lies.

    W* is every weight, Z* every layer. A mistake in dZ that shows in one block alone is that block's; one of layer 1
    may be told as its two blocks, which are all that it spoils. Where the blocks are no chain of dense layers, a wrong
    block is right.
    """
    allowed: set[str] = set() if chain else set(wrong)
    for site in planted:
        layers = {site[0] + block[1:] for block in wrong}
        allowed |= layers if site.endswith("*") else set(site.split())
    if len(wrong) == 1 or set(wrong) <= {"W1", "b1"}:
        allowed |= set(wrong)
    return bool(named) and named <= allowed
