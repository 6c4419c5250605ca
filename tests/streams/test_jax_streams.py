"""JAX arrays hold the same bits as `sample`, on one device and sharded over four."""

import subprocess
import sys

import numpy as np
import pytest

jax = pytest.importorskip("jax")

from initlab.errors import SpecError  # noqa: E402
from initlab.laws import Constant, CopiedRows, Normal, Orthogonal, Sparse, TruncatedNormal, Uniform  # noqa: E402
from initlab.streams import sample  # noqa: E402
from initlab.streams.jax import sample_jax  # noqa: E402

LAWS = [
    Normal(std=0.02),
    Normal(std=0.1, mean=1.0),
    Uniform(bound=0.1),
    TruncatedNormal(scale=0.02),
    Constant(value=0.1),
    CopiedRows(row=Normal(std=1.0)),
    Orthogonal(rows=20, columns=30),
    Sparse(rows=20, columns=30, zeros=3),
]


def bits(array):
    array = np.ascontiguousarray(array)
    return array.view(f"i{array.itemsize}")


@pytest.mark.parametrize("law", LAWS, ids=str)
@pytest.mark.parametrize("dtype", ["float32", "bfloat16", "float16"])
def test_one_device(law, dtype):
    drawn = sample_jax(law, name="w", seed=2, shape=(20, 30), dtype=dtype)
    assert drawn.dtype.name == dtype
    assert np.array_equal(bits(drawn), bits(sample(law, name="w", seed=2, shape=(20, 30), dtype=dtype)))


def test_a_kernel_held_the_other_way_is_the_same_matrix():
    held = sample_jax(Normal(std=1.0), name="w", seed=2, shape=(30, 20), axes=(1, 0))
    assert np.array_equal(
        bits(held.T), bits(sample(Normal(std=1.0), name="w", seed=2, shape=(20, 30), dtype="float32"))
    )


def test_float64_needs_x64():
    with pytest.raises(SpecError, match="must be at most float32, got float64"):
        sample_jax(Normal(std=1.0), name="w", seed=0, shape=(3,), dtype="float64")


SHARDED = """
import numpy as np, jax
from jax.sharding import Mesh, NamedSharding, PartitionSpec as P
from initlab.laws import CopiedRows, Normal, Orthogonal, Uniform
from initlab.streams import sample
from initlab.streams.jax import sample_jax
mesh = Mesh(np.array(jax.devices()).reshape(2, 2), ("x", "y"))
compared = differ = 0
for law in (Normal(std=1.0), Uniform(bound=1.0), CopiedRows(row=Normal(std=1.0)), Orthogonal(rows=8, columns=12)):
    whole = sample(law, name="w", seed=2, shape=(8, 12), dtype="float32")
    for spec in (P("x"), P(None, "y"), P("x", "y"), P("y", "x"), P(("x", "y")), P()):
        for axes in ((0, 1), (1, 0)):
            sharding = NamedSharding(mesh, spec)
            shape = (8, 12) if axes == (0, 1) else (12, 8)
            drawn = sample_jax(law, name="w", seed=2, shape=shape, axes=axes, sharding=sharding)
            assert drawn.sharding == sharding
            for shard in drawn.addressable_shards:
                compared += shard.data.size
                differ += int((np.asarray(shard.data) != whole.transpose(axes)[shard.index]).sum())
print(compared, differ)
"""


def test_sharded_over_four_devices():
    environment = {"XLA_FLAGS": "--xla_force_host_platform_device_count=4", "JAX_PLATFORMS": "cpu"}
    import os

    run = subprocess.run(
        [sys.executable, "-c", SHARDED], capture_output=True, text=True, env={**os.environ, **environment}, check=False
    )
    assert run.returncode == 0, run.stderr
    compared, differ = (int(word) for word in run.stdout.split())
    assert compared >= 4000
    assert differ == 0
