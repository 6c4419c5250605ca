"""Whether the tensors that a plan is to give memory to fit into that of the machine."""

import os
from pathlib import Path

from initlab.errors import SpecError
from initlab.plans.plan import Plan

BYTES = {"float64": 8, "float32": 4, "float16": 2, "bfloat16": 2}

_LIMIT = Path("/sys/fs/cgroup/memory.max")


def check_room(plan: Plan) -> None:
    """Raise SpecError when the parameters on the meta device are larger than the memory, or would be left there."""
    bare = [row for row in plan.rows if row.parameter.device == "meta"]
    needed = sum(row.parameter.size * BYTES.get(row.parameter.dtype, 1) for row in bare)
    room = memory()
    if needed > room:
        raise SpecError(
            f"The model must fit into memory, got {needed / 2**30:,.1f} GiB for {room / 2**30:,.1f} GiB. "
            "Shard it, or plan it only."
        )
    left = [row.parameter.name for row in bare if row.law is None]
    if left:
        raise SpecError(
            f"Every parameter on the meta device must have a rule, got none for {left[0]}"
            f"{f' and {len(left) - 1} more' if len(left) > 1 else ''}. Name it in the policy, or give it memory first."
        )


def memory() -> int:
    """The bytes of memory that this process may have."""
    total = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    try:
        return min(total, int(_LIMIT.read_text()))
    except (OSError, ValueError):
        return total
