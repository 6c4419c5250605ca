"""The compiled kernels give the same bits for another processor: plain x86-64 (SSE2), AVX2, and the machine's own."""

import os
import platform
import subprocess
import sys

import pytest

DRAW = """
import hashlib
import numpy as np
from initlab.laws import Normal, Orthogonal, TruncatedNormal, Uniform
from initlab.streams import fill, sample
digest = hashlib.sha256()
for law in (Normal(std=0.02), Normal(std=0.5, mean=1.0), Uniform(bound=0.1), TruncatedNormal(scale=0.02)):
    out = np.empty(1 << 17, dtype=np.float32)
    fill(out, law, name="w", seed=0, offset=(1 << 32) - 777)
    digest.update(out.tobytes())
q = sample(Orthogonal(rows=150, columns=130), name="w", seed=0, shape=(150, 130))
digest.update(np.ascontiguousarray(q).tobytes())
print(digest.hexdigest())
"""
PROCESSORS = {
    "own": {},
    "sse2": {"NUMBA_CPU_NAME": "x86-64", "NUMBA_CPU_FEATURES": ""},
    "avx2": {"NUMBA_CPU_NAME": "haswell", "NUMBA_CPU_FEATURES": "+avx,+avx2,+fma,+bmi,+bmi2,+popcnt,+sse4.2"},
}


@pytest.mark.skipif(platform.machine() not in ("x86_64", "AMD64"), reason="compiles for x86-64 processors")
def test_every_instruction_set_draws_the_same():
    runs = {
        name: subprocess.Popen(
            [sys.executable, "-c", DRAW], env={**os.environ, **settings}, stdout=subprocess.PIPE, text=True
        )
        for name, settings in PROCESSORS.items()
    }
    digests = {name: run.communicate(timeout=180)[0].strip() for name, run in runs.items()}
    assert len(digests["own"]) == 64
    assert set(digests.values()) == {digests["own"]}
