"""Families taken from public threads of real bugs; each docstring names some in which it was met."""

import math
from collections.abc import Iterator

from benchmarks.initfaults.faults.fault import Fault, on_weights, parameters
from benchmarks.initfaults.faults.late.known import Maker, spots
from benchmarks.initfaults.faults.others import gains, garbage
from benchmarks.initfaults.net import Case, Net
from torch import Tensor


def wrong_argument(host: Net) -> Iterator[Fault]:
    """The deviation given as the mean, or the bound as the lower end (aiUIUC/pyAIUtils#25)."""
    for i, (spot, names) in enumerate(spots(host)):
        if i % 2:
            yield on_weights("wrong-argument", host, f"{spot}-normal", names, lambda w: w.normal_(0.02))
        else:
            yield on_weights("wrong-argument", host, f"{spot}-uniform", names, lambda w: w.uniform_(0.05, 1))


def swapped_norms(host: Net) -> Iterator[Fault]:
    """Gains at zero and biases at one (google/objax#94), or gains at zero twice (kazuto1011/deeplab-pytorch#44)."""
    found = gains(host)
    for word, names, shift in (("all", found, 1.0), ("last", found[-1:], 1.0), ("first", found[:1], 0.0)):

        def swap(case: Case, names: tuple[str, ...] = names, shift: float = shift) -> None:
            for name in names:
                parameters(case)[name].data.zero_()
                parameters(case)[name.replace("weight", "bias")].data.fill_(shift)

        reached = tuple(part for name in names for part in (name, name.replace("weight", "bias")))
        if all(part in parameters(host.case(0)) for part in reached) and names:
            yield Fault(family="swapped-norms", host=host, label=word, places=reached, inject=swap)


def unwritten_bias(host: Net) -> Iterator[Fault]:
    """Biases allocated, never written (pytorch/torchtitan#2450, ML4ITS/mtad-gat-pytorch#19); or drawn as weights."""
    known = parameters(host.case(0))
    for i, (spot, names) in enumerate(spots(host)):
        found = tuple(
            n.replace("weight", "bias") for n in names if n.replace("weight", "bias") in known and "weight" in n
        )

        def leave(case: Case, found: tuple[str, ...] = found, i: int = i) -> None:
            for name in found:
                b = parameters(case)[name].data
                if i % 3 == 0:
                    b.copy_(garbage_of(b).nan_to_num(0).clamp(-1e4, 1e4))
                elif i % 3 == 1:
                    b.normal_(std=3.0)
                else:
                    b.fill_(float("nan"))

        word = ("garbage", "drawn", "nan")[i % 3]
        if found:
            yield Fault(family="unwritten-bias", host=host, label=f"{spot}-{word}", places=found, inject=leave)


def garbage_of(b: Tensor) -> Tensor:
    copy = b.clone()
    garbage(copy)
    return copy


def every_parameter(host: Net) -> Iterator[Fault]:
    """One draw for all that `parameters()` gives, gains and biases and tables too (PufferAI/PufferLib#459)."""
    every = tuple(parameters(host.case(0)))

    def draw(case: Case, word: str) -> None:
        for p in case.model.parameters():
            if word == "uniform-0.1":
                p.data.uniform_(-0.1, 0.1)
            elif word == "normal-1":
                p.data.normal_()
            else:
                p.data.uniform_(0, 1)

    for word in ("uniform-0.1", "normal-1", "uniform-0-1"):
        yield Fault(
            family="every-parameter",
            host=host,
            label=word,
            places=every,
            inject=lambda case, word=word: draw(case, word),
        )


def erased_buffers(host: Net) -> Iterator[Fault]:
    """What `to_empty` leaves of buffers that no one writes again (allenai/OLMo-core#698)."""
    known = {
        name: b for name, b in host.case(0).model.named_buffers() if b.is_floating_point() and "running" not in name
    }

    def erase(case: Case, word: str) -> None:
        for name, b in case.model.named_buffers():
            if name in known:
                b.zero_() if word == "zero" else b.copy_(garbage_of(b).nan_to_num(0).clamp(-1e4, 1e4))

    if known:
        for word in ("zero", "garbage"):
            yield Fault(
                family="erased-buffers",
                host=host,
                label=word,
                places=tuple(known),
                inject=lambda c, word=word: erase(c, word),
            )


QUERIES = {
    "decision-transformer": [(f"layers.{i}.self_attn.in_proj_weight", 3, 16) for i in (0, 1)],
    "sasrec": [("body.self_attn.in_proj_weight", 3, 16)],
    "performer": [(f"mixers.{i}.query.weight", 1, 24) for i in (0, 1)],
    "matrix-memory": [(f"mixers.{i}.query.weight", 1, 12) for i in (0, 1)],
    "parallel-blocks": [(f"layers.{i}.enter.weight", 3, 8) for i in (0, 1)],
    "graph-biases": [("enter.weight", 3, 8)],
    "query-detector": [("decoder.self_attn.in_proj_weight", 3, 8), ("decoder.multihead_attn.in_proj_weight", 3, 8)],
}


def unscaled_attention(host: Net) -> Iterator[Fault]:
    """Scores without 1/√d (mlc-ai/mlc-llm#3426), or times √d for it (FoundationVision/OmniTokenizer#14)."""
    found = QUERIES.get(host.name, [])
    for word, power in (("root", 0.5), ("whole", 1.0), ("square", 2.0)):

        def scale(case: Case, power: float = power) -> None:
            for name, parts, size in found:
                w = parameters(case)[name].data
                w[: len(w) // parts].mul_(size**power)

        if found:
            reached = tuple(name for name, _, _ in found)
            yield Fault(family="unscaled-attention", host=host, label=word, places=reached, inject=scale)


LOGS: dict[str, list[tuple[str, float]]] = {
    "clip": [("logit_scale", 1 / 0.07), ("logit_scale", 0.07)],
    "siglip": [("logit_scale", 10.0), ("logit_bias", 10.0)],
    "gaussian-dial": [("log_std", 10.0), ("log_std", -10.0)],
    "multi-task": [("spreads", 10.0), ("spreads", -10.0)],
    "radial-basis": [("heat", 8.0), ("heat", -8.0)],
    "dynamics-ensemble": [("lowest", 6.0)],
    "glow": [("scale", 5.0), ("scale", -8.0)],
    "damped-averages": [("mixers.0.alpha", 20.0)],
    "speaker-centroids": [("w", 0.0), ("w", 500.0)],
    "soft-trees": [("heat", 9.0), ("heat", -9.0)],
}


def linear_for_log(host: Net) -> Iterator[Fault]:
    """A parameter that is exponentiated given its linear value, or a sign lost (kmheckel/spyx#42, BAAI-DCAI/M3D#52)."""
    for name, value in LOGS.get(host.name, []):

        def put(case: Case, name: str = name, value: float = value) -> None:
            parameters(case)[name].data.fill_(value)

        yield Fault(family="linear-for-log", host=host, label=f"{name}-{value:.3g}", places=(name,), inject=put)


def forget_gate(host: Net) -> Iterator[Fault]:
    """The forget gate's bias on another gate, or at a value that forgets all (pytorch/pytorch#750, NX-AI/xlstm#98)."""
    ends = ("bias_hh_l0", "enter.bias", "gates.bias", "norm1.bias")
    gated = host.sites is not None and host.sites.activation == "lstm"
    names = tuple(name for name in parameters(host.case(0)) if gated and name.endswith(ends))
    for word, part, value in (("forget--12", 1, -12.0), ("out--12", 2, -12.0), ("input--12", 0, -12.0)):

        def put(case: Case, part: int = part, value: float = value) -> None:
            for name in names:
                b = parameters(case)[name].data
                quarter = len(b) // (4 if len(b) % 4 == 0 else 3)
                b[part * quarter : (part + 1) * quarter] = value

        if names:
            yield Fault(family="forget-gate", host=host, label=word, places=names, inject=put)


def groups_forgotten(host: Net) -> Iterator[Fault]:
    """The fan of all channels for a kernel that sees one (huggingface/pytorch-image-models#84, ml-explore/mlx#4536)."""
    grouped = tuple(f"{name}.weight" for name, m in host.case(0).model.named_modules() if getattr(m, "groups", 1) > 1)
    if grouped:
        for word, factor in (("out", 1.0), ("out-squared", 2.0)):
            yield on_weights(
                "groups-forgotten", host, word, grouped,
                lambda w, f=factor: w.normal_(std=math.sqrt(2 / (w[0].numel() * len(w) ** f))),
            )  # fmt: skip


ALWAYS: tuple[Maker, ...] = (erased_buffers, unscaled_attention, linear_for_log, forget_gate, groups_forgotten)
RARE: tuple[Maker, ...] = (swapped_norms,)
OWN: tuple[Maker, ...] = (wrong_argument, unwritten_bias, every_parameter)
