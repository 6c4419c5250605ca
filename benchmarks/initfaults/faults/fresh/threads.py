"""Bugs rebuilt from public threads that the older benchmark does not have, on the fresh network nearest to each."""

import math
from collections.abc import Iterator

import torch
from benchmarks.initfaults.faults.fault import Fault, parameters
from benchmarks.initfaults.faults.others import garbage
from benchmarks.initfaults.faults.threads import bug, changed, ending
from benchmarks.initfaults.net import Case
from benchmarks.initfaults.zoo import BY_NAME
from torch import Tensor


def _units(w: Tensor) -> None:
    w.copy_(torch.randn(w.shape, generator=torch.Generator().manual_seed(13579)) * w.std())


def _glorot_of_channels(w: Tensor) -> None:
    """Glorot's rule with the kernel's height and width beside the channels in a sum."""
    w.normal_(std=math.sqrt(2 / sum(w.shape)))


def _fan_of_outputs(w: Tensor) -> None:
    """He's rule with the channels of a transposed convolution exchanged."""
    w.normal_(std=math.sqrt(2 / w.shape[1]))


def _drawn() -> Iterator[Fault]:
    net = BY_NAME["selu-regression"]
    layers = lambda n: n.startswith("fc") and n.endswith("weight")  # noqa: E731
    yield bug("netket/netket#241", net, layers, changed(layers, _units))
    net = BY_NAME["orthogonal-curve"]
    yield bug("nntile/nntile#21", net, ending("weight"), changed(ending("weight"), _units))
    convs = lambda n: "conv" in n and n.endswith("weight")  # noqa: E731
    yield bug(
        "LeelaChessZero/lczero-training#43",
        BY_NAME["fixup-conv"],
        ending("conv1.weight", "conv2.weight"),
        changed(ending("conv1.weight", "conv2.weight"), _glorot_of_channels),
    )
    yield bug("LeelaChessZero/lczero-training#43", BY_NAME["volume-conv"], convs, changed(convs, _glorot_of_channels))
    ups = ending("up1.weight", "up2.weight")
    yield bug("Lasagne/Lasagne#858", BY_NAME["conv-autoencoder"], ups, changed(ups, _fan_of_outputs))
    yield bug(
        "pytorch/pytorch#6950",
        BY_NAME["super-resolution-icnr"],
        convs,
        changed(convs, lambda w: w.uniform_(-1, 1).div_(math.sqrt(w[0].numel()))),
    )


def _memory() -> Iterator[Fault]:
    scoring = lambda n: n.startswith(("left", "right"))  # noqa: E731
    yield bug("gordicaleksa/pytorch-GAT#11", BY_NAME["graph-attention"], scoring, changed(scoring, garbage))
    moves = ending("moves")
    yield bug("kmkurn/pytorch-crf#1", BY_NAME["lstm-crf"], moves, changed(moves, garbage))
    towers = ending("query.2.weight", "item.2.weight")
    yield bug("openai/CLIP#15", BY_NAME["two-towers"], towers, changed(towers, lambda w: w.zero_()))
    yield bug("sauradip/STALE#16", BY_NAME["set-transformer"], ending("seed"), changed(ending("seed"), garbage))
    yield bug(
        "sauradip/STALE#16",
        BY_NAME["perceiver"],
        ending("latents"),
        changed(ending("latents"), lambda w: w.fill_(1e30)),
    )


def _embeddings() -> Iterator[Fault]:
    words = ending("words.weight")
    yield bug("pytorch/pytorch#6411", BY_NAME["text-conv"], words, changed(words, lambda w: w.normal_()))
    yield bug(
        "ray1007/pytorch-word2vec#17", BY_NAME["gru-tagger"], words, changed(words, lambda w: w.uniform_(-10, 10))
    )
    yield bug("S-Lab-System-Group/Hydro#1", BY_NAME["fnet"], words, changed(words, lambda w: w.zero_()))


def _gates() -> Iterator[Fault]:
    both = ending("film.weight", "read.weight", "read.bias")
    yield bug("yz93/LAVT-RIS#25", BY_NAME["film-zero"], both, changed(both, lambda w: w.zero_()))
    mixed = lambda n: n.startswith("ada") or n.endswith("downs.0.weight") or "downs" in n  # noqa: E731
    yield bug("yz93/LAVT-RIS#25", BY_NAME["adaln-zero-actions"], mixed, changed(mixed, lambda w: w.zero_()))
    spreads = lambda n: n.startswith("spreads")  # noqa: E731
    yield bug(
        "HolyBayes/pytorch_ard#2", BY_NAME["bayes-by-backprop"], spreads, changed(spreads, lambda w: w.fill_(5.0))
    )
    prior = ending("head.bias")
    yield bug("open-mmlab/mmengine#691", BY_NAME["center-heatmap"], prior, changed(prior, lambda b: b.zero_()))


def _cut() -> Iterator[Fault]:
    """Experts behind a kernel without a backward pass; a router whose one weight is divided by itself."""
    net = BY_NAME["switch-experts"]
    experts = lambda n: ".feed.up." in n or ".feed.down." in n  # noqa: E731

    def forward_only(case: Case) -> None:
        for name, p in case.model.named_parameters():
            if experts(name):
                p.requires_grad_(False)

    yield bug("KellerJordan/Muon#65", net, experts, forward_only)
    router = ending("router.weight")

    def normalised(case: Case) -> None:
        for name, module in case.model.named_modules():
            if name.endswith("router"):
                module.register_forward_hook(lambda _m, _i, out: out.detach())

    assert any(router(name) for name in parameters(net.case(0)))
    yield bug("jingyaogong/minimind#858", net, router, normalised)


def threads() -> Iterator[Fault]:
    for group in (_drawn, _memory, _embeddings, _gates, _cut):
        yield from group()
