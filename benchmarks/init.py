"""Initializing GPT-2 small and ViT-B beside their own code: time, memory, and the time to plan 1,000 tensors.

    python benchmarks/init.py

Each model is measured in a process of its own, on one thread; times are seconds of the processor, the best of three.
`torch.nn.init` draws the matrices of the same model from the same law; `own init` is what transformers runs. Scratch is
how far the resident set rises while initlab draws (Linux only); the compiled kernels, some 110 MiB that a process takes
once, are loaded before.
"""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import torch
from torch import nn

ROUNDS = 3
TRUNCATED = {"rules": [{"scheme": "truncated_normal(std=0.02)"}]}
NORMAL = {"rules": [{"scheme": "normal(std=0.02)"}]}


def gpt2() -> nn.Module:
    from transformers import GPT2Config, GPT2LMHeadModel

    return GPT2LMHeadModel(GPT2Config())


def vit() -> nn.Module:
    from transformers import ViTConfig, ViTForImageClassification

    return ViTForImageClassification(ViTConfig(num_labels=1000))


def thousand() -> nn.Module:
    return nn.Sequential(*(part for _ in range(500) for part in (nn.Linear(16, 16), nn.ReLU())))


MODELS = {"gpt2": gpt2, "vit": vit, "thousand": thousand}


def best(action: Callable[[], object]) -> float:
    times = []
    for _ in range(ROUNDS):
        start = time.process_time()
        action()
        times.append(time.process_time() - start)
    return min(times)


def rise(action: Callable[[], object]) -> float:
    """How many MiB the resident set rises at most."""
    Path("/proc/self/clear_refs").write_text("5")
    before = _resident("VmRSS")
    action()
    return (_resident("VmHWM") - before) / 2**10


def _resident(kind: str) -> int:
    lines = Path("/proc/self/status").read_text().splitlines()
    return int(next(line for line in lines if line.startswith(kind)).split()[1])


def own(model: nn.Module) -> None:
    """The model's own initialization, as often as it is asked for."""
    for module in model.modules():
        module.__dict__.pop("_is_hf_initialized", None)
    model.initialize_weights()


def by_torch(model: nn.Module, draw: Callable[[torch.Tensor], object]) -> None:
    """Matrices from one law, biases zero, norms one."""
    with torch.no_grad():
        for name, tensor in model.named_parameters():
            if tensor.ndim > 1:
                draw(tensor)
            else:
                tensor.fill_(0.0 if name.endswith("bias") else 1.0)


def measure(name: str) -> dict[str, float]:
    import initlab

    torch.set_num_threads(1)
    model = MODELS[name]()
    bytes_held = sum(tensor.numel() * tensor.element_size() for tensor in model.parameters())
    found = {"tensors": sum(1 for _ in model.parameters()), "model_mib": bytes_held / 2**20}
    found["plan_s"] = best(lambda: initlab.plan(model, "auto"))
    normal, truncated = initlab.plan(model, NORMAL), initlab.plan(model, TRUNCATED)
    initlab.init(nn.Linear(2048, 2048), NORMAL)
    found["scratch_mib"] = rise(lambda: normal.apply(model))
    found["normal_s"] = best(lambda: normal.apply(model))
    found["truncated_s"] = best(lambda: truncated.apply(model))
    found["verify_s"] = best(lambda: normal.verify(model))
    found["torch_normal_s"] = best(lambda: by_torch(model, lambda tensor: nn.init.normal_(tensor, std=0.02)))
    cut = {"std": 0.02, "a": -0.04, "b": 0.04}
    found["torch_truncated_s"] = best(lambda: by_torch(model, lambda tensor: nn.init.trunc_normal_(tensor, **cut)))
    if hasattr(model, "initialize_weights"):
        found["own_s"] = best(lambda: own(model))
    return found


def main() -> None:
    load = os.getloadavg()[0]
    print(f"torch {torch.__version__}, one thread, load {load:.1f} of {os.cpu_count()} processors")
    for name in MODELS:
        done = subprocess.run([sys.executable, __file__, name], capture_output=True, text=True, check=True)
        found = json.loads(done.stdout.splitlines()[-1])
        print(f"\n{name}: {found['tensors']:.0f} tensors, {found['model_mib']:.0f} MiB")
        print(f"  plan       {found['plan_s']:7.3f} s")
        for law in ("normal", "truncated"):
            theirs, ours = found[f"torch_{law}_s"], found[f"{law}_s"]
            print(f"  {law:10} {ours:7.3f} s   torch.nn.init {theirs:7.3f} s   {theirs / ours:6.2f} times as fast")
        if "own_s" in found:
            print(f"  own init   {found['own_s']:7.3f} s   {found['own_s'] / found['normal_s']:6.2f} times as fast")
        print(f"  verify     {found['verify_s']:7.3f} s   scratch {found['scratch_mib']:.0f} MiB")


if __name__ == "__main__":
    if len(sys.argv) > 1:
        print(json.dumps(measure(sys.argv[1])))
    else:
        main()
