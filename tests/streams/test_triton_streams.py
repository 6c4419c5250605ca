"""The GPU kernel gives the bits of the host: run by Triton's interpreter where there is no GPU, and read as PTX."""

import importlib.util
import os
import re
import subprocess
import sys

import pytest

torch = pytest.importorskip("torch")

NEEDS_TRITON = pytest.mark.skipif(
    importlib.util.find_spec("triton") is None, reason="needs the triton package; it is not installed"
)

INTERPRETED = """
import numpy as np, torch
from initlab.laws import CopiedRows, Normal, TruncatedNormal, Uniform
from initlab.streams import sample, stream_key
from initlab.streams.layout import part_of
from initlab.streams.triton import draw_tensor
parts = [((9, 211), None), ((37, 21), (slice(3, 20), slice(7, 9))),
         ((3, 4, 5), (slice(0, 3), slice(1, 3), slice(0, 4))),
         ((2**33, 3), (slice(2**33 - 40, 2**33), slice(1, 3)))]
compared = differ = 0
for law in (Normal(std=0.02), Normal(std=0.02, mean=1.0), Uniform(bound=0.3, centre=0.5), TruncatedNormal(scale=0.02),
            Uniform(bound=0.1, centre=0.1), CopiedRows(row=Normal(std=1.0))):
    for dtype in ("float64", "float32", "bfloat16", "float16"):
        for shape, where in parts:
            part = part_of(shape, where)
            out = torch.empty(part.sizes[::-1], dtype=getattr(torch, dtype))
            out = out.permute(*reversed(range(out.ndim))) if dtype == "float32" else out.reshape(part.sizes)
            assert draw_tensor(out, law, stream_key("w", 1), part)
            drawn = sample(law, name="w", seed=1, shape=shape, where=where, dtype=dtype)
            ours = out.contiguous().view({2: torch.int16, 4: torch.int32, 8: torch.int64}[out.element_size()]).numpy()
            compared += drawn.size
            differ += int((ours != drawn.view(f"i{drawn.itemsize}")).sum())
from initlab.streams import triton as kernels
kernels._PIECE, launches, real = 64, [], kernels.launch
kernels.launch = lambda *numbers: launches.append(numbers) or real(*numbers)
inner = (slice(0, 300), slice(0, 2), slice(1, 4))
for shape, where, most in (((1000,), None, 16), ((1000, 1), None, 16), ((300, 2, 5), inner, 60)):
    part = part_of(shape, where)
    out = torch.empty((*part.sizes, 2))[..., 0]
    launches.clear()
    assert draw_tensor(out, Normal(std=1.0), stream_key("w", 1), part)
    assert len(launches) <= most, (shape, len(launches))
    drawn = sample(Normal(std=1.0), name="w", seed=1, shape=shape, where=where, dtype="float32")
    differ += int((out.numpy() != drawn).sum())
print(compared, differ)
"""


@NEEDS_TRITON
def test_interpreted_kernel():
    run = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", INTERPRETED],
        env={**os.environ, "TRITON_INTERPRET": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stderr
    compared, differ = (int(word) for word in run.stdout.split())
    assert compared > 40_000
    assert differ == 0


@NEEDS_TRITON
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("kind", [0, 1, 2])
@pytest.mark.parametrize(("pointer", "half"), [("*fp32", False), ("*fp64", False), ("*i16", True), ("*fp16", False)])
def test_compiled_kernel_neither_fuses_nor_flushes(kind, pointer, half):
    """The code for an H100, which needs no GPU to be made: no fused multiply-add of floats, no flush to zero."""
    import triton
    from triton.backends.compiler import GPUTarget
    from triton.compiler import ASTSource

    from initlab.streams.triton import _draw_rows

    types = {"out": pointer, "numbers": "*i64", "table": "*i64", "run": "i64", "parts": "i32"}
    constants = dict.fromkeys(("KIND", "BLOCKS", "BFLOAT16"), "constexpr")
    source = ASTSource(fn=_draw_rows, signature={**types, **constants}, constexprs={(5,): kind, (6,): 256, (7,): half})
    ptx = triton.compile(source, target=GPUTarget("cuda", 90, 32), options={"enable_fp_fusion": False}).asm["ptx"]
    assert "mul.f64" in ptx or "mul.rn.f64" in ptx
    assert not re.search(r"fma\.|\.ftz|\.approx", ptx)


def test_without_triton_nothing_is_drawn_and_the_caller_goes_on(monkeypatch):
    from initlab.laws import Normal
    from initlab.streams import stream_key
    from initlab.streams import triton as kernels
    from initlab.streams.layout import part_of

    monkeypatch.setattr(kernels, "triton", None)
    assert not kernels.draw_tensor(torch.empty(3), Normal(std=1.0), stream_key("w", 0), part_of((3,), None))


def test_a_kernel_that_cannot_be_built_leaves_the_draw_to_the_host(monkeypatch):
    from initlab.laws import Normal
    from initlab.streams import stream_key
    from initlab.streams import triton as kernels
    from initlab.streams.layout import part_of

    def no_compiler(*numbers):
        raise RuntimeError("Failed to find C compiler.")

    monkeypatch.setattr(kernels, "_state", kernels._State())
    monkeypatch.setattr(kernels, "triton", object())
    monkeypatch.setattr(kernels, "launch", no_compiler)
    arguments = (torch.empty(3), Normal(std=1.0), stream_key("w", 0), part_of((3,), None))
    with pytest.warns(RuntimeWarning, match="drawn on the host"):
        assert not kernels.draw_tensor(*arguments)
    assert not kernels.draw_tensor(*arguments)
