"""Bugs rebuilt from public threads that no older part has, on the late network nearest to each."""

import math
from collections.abc import Iterator

import torch
from benchmarks.initfaults.faults.fault import Fault, parameters
from benchmarks.initfaults.faults.others import garbage
from benchmarks.initfaults.faults.threads import bug, changed, ending
from benchmarks.initfaults.net import Case
from benchmarks.initfaults.zoo import BY_NAME
from torch import Tensor, nn


def _bias_of_another(case: Case) -> None:
    """The prior of the classes on the regression, and none on the classes."""
    known = parameters(case)
    known["head.bias"].data.zero_()
    known["where.bias"].data.fill_(-math.log(99))


def _mostly_zero(w: Tensor) -> None:
    kept = torch.rand(w.shape) < 0.02
    w.mul_(kept)


def _swapped(case: Case) -> None:
    for name, p in case.model.named_parameters():
        if "norm" in name:
            p.data.fill_(0.0 if name.endswith("weight") else 1.0)


def _gates(case: Case) -> None:
    """Input gates with the forget gates' biases, and the other way round."""
    known = parameters(case)
    for i in (0, 1):
        one, two = known[f"mixers.{i}.igate.bias"].data, known[f"mixers.{i}.fgate.bias"].data
        kept = one.clone()
        one.copy_(two)
        two.copy_(kept)


def _drawn() -> Iterator[Fault]:
    weights = ending("weight")
    yield bug("aiUIUC/pyAIUtils#25", BY_NAME["keras-cnn"], weights, changed(weights, lambda w: w.normal_(0.01)))
    tower = lambda n: n.startswith("conv") and n.endswith("weight")  # noqa: E731
    yield bug(
        "LBANN/lbann#316", BY_NAME["network-in-network"], tower,
        changed(tower, lambda w: w.normal_(std=w[0].numel() ** -0.5)),
    )  # fmt: skip
    dial = ending("weight")
    yield bug("PufferAI/PufferLib#459", BY_NAME["gaussian-dial"], dial, changed(dial, lambda w: nn.init.orthogonal_(w)))
    deep = lambda n: n.startswith("deep")  # noqa: E731
    yield bug(
        "huggingface/pytorch-image-models#84", BY_NAME["separable"], deep,
        changed(deep, lambda w: w.normal_(std=math.sqrt(2 / (9 * len(w))))),
    )  # fmt: skip
    bound = lambda w: w.uniform_(-1 / math.sqrt(9 * len(w)), 1 / math.sqrt(9 * len(w)))  # noqa: E731
    yield bug("ml-explore/mlx#4536", BY_NAME["separable"], deep, changed(deep, bound))
    prior = ending("head.bias", "where.bias")
    yield bug("lwpyr/CSP-pedestrian-detection-in-pytorch#4", BY_NAME["retina-detector"], prior, _bias_of_another)
    experts = lambda n: n.startswith("experts") and n.endswith("weight")  # noqa: E731
    yield bug(
        "PaddlePaddle/PaddleRec#721", BY_NAME["multi-gate-experts"], experts, changed(experts, lambda w: w.fill_(0.1))
    )


def _memory() -> Iterator[Fault]:
    hidden = ending("fc1.weight", "fc2.weight")
    yield bug(
        "mattiasegu/uncertainty_estimation_deep_learning#7",
        BY_NAME["evidential"],
        hidden,
        changed(hidden, _mostly_zero),
    )
    place = ending("places")
    yield bug("junjiehe96/FastInst#57", BY_NAME["decision-transformer"], place, changed(place, garbage))
    yield bug(
        "allenai/longformer#115", BY_NAME["sasrec"], place, changed(place, lambda p: p[:2].fill_(1e4)),
    )  # fmt: skip
    gate = ending("ups.0.bias")
    yield bug("pytorch/torchtitan#2450", BY_NAME["gated-residual"], gate, changed(gate, lambda b: b.fill_(math.nan)))
    table = ending("far")
    yield bug("ML4ITS/mtad-gat-pytorch#19", BY_NAME["graph-biases"], table, changed(table, garbage))
    proxies = ending("proxies")
    yield bug(
        "amirhfarzaneh/lsoftmax-pytorch#7", BY_NAME["proxy-anchor"], proxies, changed(proxies, lambda w: w.zero_())
    )

    def erased(case: Case) -> None:
        for name, b in case.model.named_buffers():
            if name.endswith("directions"):
                b.zero_()

    net = BY_NAME["performer"]
    yield bug("allenai/OLMo-core#698", net, lambda n: "query" in n or "key" in n, erased)


def _norms_and_scales() -> Iterator[Fault]:
    norms = lambda n: "norm" in n  # noqa: E731
    yield bug("google/objax#94", BY_NAME["sasrec"], norms, _swapped)
    inner = lambda n: n.startswith("norm") and n.endswith("weight")  # noqa: E731
    yield bug("kazuto1011/deeplab-pytorch#44", BY_NAME["pre-activated"], inner, changed(inner, lambda g: g.zero_()))
    scale = ending("logit_scale")
    yield bug("huggingface/transformers#13430", BY_NAME["clip"], scale, changed(scale, lambda s: s.fill_(1.0)))
    yield bug("NX-AI/xlstm#98", BY_NAME["matrix-memory"], lambda n: "gate.bias" in n, _gates)
    absent = ending("head.bias")
    yield bug(
        "jbohnslav/deepethogram#15", BY_NAME["zipf-prior"], absent, changed(absent, lambda b: b[37].fill_(-math.inf))
    )
    query = ending("in_proj_weight")
    yield bug(
        "FoundationVision/OmniTokenizer#14", BY_NAME["decision-transformer"], query,
        changed(query, lambda w: w[: len(w) // 3].mul_(16)),
    )  # fmt: skip


def threads() -> Iterator[Fault]:
    for group in (_drawn, _memory, _norms_and_scales):
        yield from group()
