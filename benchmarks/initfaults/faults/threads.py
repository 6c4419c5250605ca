"""Bugs rebuilt from public threads, on the network that comes nearest to the one it struck."""

import math
from collections.abc import Callable, Iterator

import torch
from benchmarks.initfaults.data import tokens
from benchmarks.initfaults.faults.fault import Fault, Injection, parameters
from benchmarks.initfaults.faults.others import garbage
from benchmarks.initfaults.losses import token_loss
from benchmarks.initfaults.net import Case, Net
from benchmarks.initfaults.zoo import BY_NAME
from benchmarks.initfaults.zoo.perceptrons import on
from torch import Tensor, nn


class Copied(nn.Module):
    """torch's own stack of encoder layers, deep copies of one; `fresh` draws each again."""

    def __init__(self, *, fresh: bool, width: int = 32, depth: int = 3) -> None:
        super().__init__()
        self.tokens, self.places = nn.Embedding(64, width), nn.Parameter(0.02 * torch.randn(16, width))
        layer = nn.TransformerEncoderLayer(width, 4, 64, dropout=0.0, batch_first=True, norm_first=True)
        self.encoder = nn.TransformerEncoder(layer, depth, enable_nested_tensor=False)
        self.norm, self.head = nn.LayerNorm(width), nn.Linear(width, 64)
        if fresh:
            for p in self.encoder.parameters():
                if p.ndim == 2:
                    nn.init.xavier_uniform_(p)

    def forward(self, ids: Tensor) -> Tensor:
        mask = nn.Transformer.generate_square_subsequent_mask(ids.shape[1])
        return self.head(self.norm(self.encoder(self.tokens(ids) + self.places, mask=mask, is_causal=True)))


def _fresh(name: str, model: Callable[[], nn.Module]) -> Net:
    return Net(name=name, family=name, build=lambda: on(tokens, model(), token_loss, rows=32))


STACK = _fresh("torch-encoder-stack", lambda: Copied(fresh=True))
GPT, TIED, GPT2, LLAMA = (BY_NAME[name] for name in ("gpt-free-head", "gpt-tied", "hf-gpt2", "hf-llama"))
LORA, PEFT = BY_NAME["lora-mlp"], BY_NAME["peft-lora-gpt2"]
PRENORM, ENCODER = BY_NAME["residual-pre-norm-4x64"], BY_NAME["encoder-pre-norm"]


def changed(names: Callable[[str], bool], change: Callable[[Tensor], object]) -> Injection:
    """An injection that changes every parameter of such a name in place."""

    def inject(case: Case) -> None:
        for name, p in case.model.named_parameters():
            if names(name):
                change(p.data)

    return inject


def bug(thread: str, host: Net, chosen: Callable[[str], bool], inject: Injection) -> Fault:
    """A bug of that thread, which stands in the parameters that `chosen` names."""
    places = tuple(name for name in parameters(host.case(0)) if chosen(name))
    assert places, thread
    return Fault(family="threads", host=host, label=thread, places=places, inject=inject, thread=thread)


def _all_like_first(case: Case) -> None:
    layers = case.model.encoder.layers  # type: ignore[union-attr]
    for layer in layers[1:]:
        layer.load_state_dict(layers[0].state_dict())


def _blocks_like_first(prefix: str) -> Injection:
    def inject(case: Case) -> None:
        blocks = case.model.get_submodule(prefix)
        for block in list(blocks.children())[1:]:
            block.load_state_dict(next(iter(blocks.children())).state_dict())

    return inject


def _weight(name: str) -> bool:
    return name.endswith("weight")


def _norm(name: str) -> bool:
    return "norm" in name or ".ln_" in name


def ending(*ends: str) -> Callable[[str], bool]:
    return lambda name: name.endswith(ends)


def _copies() -> Iterator[Fault]:
    yield bug("pytorch/pytorch#72253", STACK, lambda n: n.startswith("encoder.layers"), _all_like_first)
    yield bug("pytorch/pytorch#86274", GPT, lambda n: n.startswith("layers"), _blocks_like_first("layers"))
    yield bug("pytorch/pytorch#120396", PRENORM, lambda n: n.startswith("blocks"), _blocks_like_first("blocks"))


def _ties() -> Iterator[Fault]:
    """The tie taken in the wrong direction, an embedding of N(0, 1) that is also the head."""
    yield bug(
        "NX-AI/xlstm#83", TIED, ending("tokens.weight"), changed(ending("tokens.weight"), lambda w: w.normal_(std=5))
    )
    yield bug(
        "jsboige/CoursIA#13279", GPT2, ending("wte.weight"), changed(ending("wte.weight"), lambda w: w.normal_(std=3))
    )
    yield bug(
        "fastai/fastai#2090", TIED, ending("tokens.weight"), changed(ending("tokens.weight"), lambda w: w.normal_())
    )
    yield bug("pytorch/pytorch#3121", GPT2, ending("wte.weight"), changed(ending("wte.weight"), lambda w: w.normal_()))


def _adapters() -> Iterator[Fault]:
    """Both factors zero, so that nothing trains; or neither, so that the adapted model is not the base."""
    peft = lambda n: "lora_" in n  # noqa: E731
    own = ending(".A", ".B")
    yield bug("Lightning-AI/litgpt#1229", LORA, own, changed(own, lambda w: w.zero_()))
    yield bug("nvidia-cosmos/cosmos-predict2.5#15", PEFT, peft, changed(peft, lambda w: w.zero_()))
    yield bug(
        "Guitaricet/relora#18",
        PEFT,
        lambda n: "h.1" in n and peft(n),
        changed(lambda n: "h.1" in n and peft(n), lambda w: w.zero_()),
    )
    random = lambda w: nn.init.kaiming_uniform_(w, a=math.sqrt(5))  # noqa: E731
    yield bug("mflux-community/mflux#739", LORA, ending(".B"), changed(ending(".B"), random))
    yield bug("hao-ai-lab/FastVideo#781", PEFT, lambda n: "lora_B" in n, changed(lambda n: "lora_B" in n, random))
    yield bug("ggml-org/llama.cpp#4082", LORA, ending(".B"), changed(ending(".B"), lambda w: w.normal_()))


def _memory() -> Iterator[Fault]:
    """Weights never written after they were allocated."""
    yield bug(
        "Lightning-AI/pytorch-lightning#17627",
        GPT,
        ending("layers.0.up.weight"),
        changed(ending("layers.0.up.weight"), garbage),
    )
    yield bug(
        "fla-org/flame#9", LLAMA, ending("layers.0.mlp.up_proj.weight"),
        changed(ending("layers.0.mlp.up_proj.weight"), lambda w: w.copy_(torch.randn(w.shape).sign() * 1e30)),
    )  # fmt: skip
    yield bug(
        "huggingface/transformers#45050",
        LLAMA,
        ending("lm_head.weight"),
        changed(ending("lm_head.weight"), lambda w: w.zero_()),
    )
    yield bug(
        "mosaicml/llm-foundry#1745",
        GPT2,
        lambda n: _norm(n) and _weight(n),
        changed(lambda n: _norm(n) and _weight(n), lambda w: w.zero_()),
    )
    yield bug("pytorch/pytorch#90465", PRENORM, lambda _: True, changed(lambda _: True, lambda w: w.zero_()))


def _overwritten() -> Iterator[Fault]:
    """Drawn by one and written over by another, or skipped by both."""
    gain = lambda n: _norm(n) and _weight(n)  # noqa: E731
    yield bug("huggingface/transformers#143", GPT2, gain, changed(gain, lambda w: w.normal_(std=0.02)))
    yield bug(
        "huggingface/transformers#38987", LLAMA, lambda n: "layers" in n and "proj" in n,
        changed(lambda n: "layers" in n and "proj" in n, lambda w: w.mul_(0.1)),
    )  # fmt: skip
    yield bug("huggingface/transformers#46620", GPT, _weight, changed(_weight, lambda w: w.fill_(0.5)))
    yield bug("huggingface/transformers#45591", LLAMA, gain, changed(gain, lambda w: w.zero_()))
    yield bug(
        "fla-org/flash-linear-attention#367",
        GPT2,
        ending("c_proj.weight"),
        changed(ending("c_proj.weight"), lambda w: w.normal_(std=2.0)),
    )


def _other() -> Iterator[Fault]:
    """Attention's weights drawn with the fan of one while three are stacked; half the units of every MLP dead."""
    packed = ending("in_proj_weight", "out_proj.weight")
    yield bug("pytorch/pytorch#57117", ENCODER, packed, changed(packed, lambda w: w.normal_()))
    first = BY_NAME["mlp-relu-glorot-4x128"]
    dead = lambda n: n.startswith("fc") and n.endswith("bias")  # noqa: E731
    yield bug("autonomousvision/transfuser#146", first, dead, changed(dead, lambda b: b[: len(b) * 3 // 4].fill_(-20)))


def threads() -> Iterator[Fault]:
    for group in (_copies, _ties, _adapters, _memory, _overwritten, _other):
        yield from group()
