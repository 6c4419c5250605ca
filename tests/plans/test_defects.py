"""Defects that real projects shipped, rebuilt: verify finds each, and passes the same model when it is mended.

Those that raise instead of drawing get their one line from the loader. The widths are small, the factors theirs.
"""

import math
from itertools import pairwise

import pytest
import torch
from torch import nn

import initlab
from initlab.cli.main import run

GENERATOR = torch.Generator().manual_seed(0)


def normal_(tensor, std):
    with torch.no_grad():
        return tensor.copy_(torch.randn(tensor.shape, generator=GENERATOR) * std)


def uniform_(tensor, bound):
    with torch.no_grad():
        return tensor.copy_((2 * torch.rand(tensor.shape, generator=GENERATOR) - 1) * bound)


def policy(*rules):
    return {"rules": [{"scheme": "keep", "optional": True}, *rules]}


def weights(scheme, name="*.weight"):
    return policy({"name": name, "scheme": scheme})


def mlp(*widths, act=nn.ReLU):
    layers = [part for i, o in pairwise(widths) for part in (nn.Linear(i, o, bias=False), act())]
    return nn.Sequential(*layers[:-1])


class Attention(nn.Module):
    """Queries, keys and values in one layer, as in timm."""

    def __init__(self, width=64, heads=4):
        super().__init__()
        self.heads = heads
        self.qkv = nn.Linear(width, 3 * width)
        self.proj = nn.Linear(width, width)

    def forward(self, x):
        batch, length, width = x.shape
        qkv = self.qkv(x).reshape(batch, length, 3, self.heads, width // self.heads).permute(2, 0, 3, 1, 4)
        query, key, value = qkv.unbind(0)
        mixed = nn.functional.scaled_dot_product_attention(query, key, value)
        return self.proj(mixed.transpose(1, 2).reshape(batch, length, width))


class Llama(nn.Module):
    """The blocks of llama2.c: w2(silu(w1 x) · w3 x), and attention with a projection wo."""

    def __init__(self, depth=6, width=64):
        super().__init__()
        self.embed = nn.Embedding(100, width)
        self.layers = nn.ModuleList(LlamaBlock(width) for _ in range(depth))
        self.output = nn.Linear(width, 100, bias=False)

    def forward(self, tokens):
        x = self.embed(tokens)
        for layer in self.layers:
            x = layer(x)
        return self.output(x)


class LlamaBlock(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.norm1, self.norm2 = nn.LayerNorm(width), nn.LayerNorm(width)
        self.wq, self.wk, self.wv, self.wo = (nn.Linear(width, width, bias=False) for _ in range(4))
        self.w1, self.w3 = (nn.Linear(width, 4 * width, bias=False) for _ in range(2))
        self.w2 = nn.Linear(4 * width, width, bias=False)

    def forward(self, x):
        y = self.norm1(x)
        x = x + self.wo(nn.functional.scaled_dot_product_attention(self.wq(y), self.wk(y), self.wv(y)))
        y = self.norm2(x)
        return x + self.w2(nn.functional.silu(self.w1(y)) * self.w3(y))


def gpt2():
    from transformers import GPT2Config, GPT2LMHeadModel

    size = {"n_layer": 6, "n_embd": 64, "n_head": 4, "vocab_size": 100, "n_positions": 32}
    return GPT2LMHeadModel(GPT2Config(**size, bos_token_id=0, eos_token_id=0))


def openai_gpt():
    from transformers import OpenAIGPTConfig, OpenAIGPTLMHeadModel

    size = {"n_layer": 2, "n_embd": 64, "n_head": 4, "vocab_size": 100, "n_positions": 32}
    return OpenAIGPTLMHeadModel(OpenAIGPTConfig(**size, initializer_range=0.01))


def t5():
    from transformers import T5Config, T5ForConditionalGeneration

    size = {"d_model": 64, "d_kv": 16, "d_ff": 128, "num_layers": 2, "num_heads": 4, "vocab_size": 100}
    model = T5ForConditionalGeneration(T5Config(**size, decoder_start_token_id=0))
    model.lm_head.weight = nn.Parameter(torch.zeros(100, 64))
    return model


def suo_swapped():
    """DKS for torch: a matrix of (out, in) taken for one of (in, out), so that widening layers shrink."""
    model = mlp(64, 256, 64)
    for layer in (model[0], model[2]):
        rows, columns = layer.weight.shape
        nn.init.orthogonal_(layer.weight, gain=max(math.sqrt(columns / rows), 1.0), generator=GENERATOR)
    return model


def packed_attention():
    """torch's MultiheadAttention: Xavier on the packed (3d, d) matrix."""
    return nn.MultiheadAttention(64, 4)


def depthwise_fan_out():
    """torch, mode fan_out: C·k² where each input feeds k² outputs."""
    model = nn.Sequential(nn.Conv2d(128, 128, 3, groups=128, bias=False), nn.ReLU(), nn.Conv2d(128, 8, 1, bias=False))
    nn.init.kaiming_normal_(model[0].weight, mode="fan_out", generator=GENERATOR)
    normal_(model[2].weight, math.sqrt(2 / 8))
    return model


def transposed_fans():
    """torch on a transposed convolution: the fan of the outputs."""
    model = nn.Sequential(nn.ConvTranspose2d(64, 16, 3, bias=False))
    nn.init.kaiming_normal_(model[0].weight, nonlinearity="linear", generator=GENERATOR)
    return model


def packed_vit():
    """timm's ViT with weight_init="jax": Xavier on the packed qkv."""
    model = Attention()
    for layer in (model.qkv, model.proj):
        nn.init.xavier_uniform_(layer.weight, generator=GENERATOR)
        nn.init.zeros_(layer.bias)
    return model


def keras_depthwise():
    """Keras on a depthwise kernel (k, k, in, multiplier): a fan of in·k²."""
    model = nn.Sequential(nn.Conv2d(128, 128, 3, groups=128, bias=False))
    normal_(model[0].weight, math.sqrt(2 / (128 * 9)))
    return model


def keras_transposed():
    """Keras on a transposed kernel (k, k, out, in): a fan of out·k², the axes as those of a convolution."""
    model = nn.Sequential(nn.ConvTranspose2d(64, 16, 3, bias=False))
    normal_(model[0].weight, math.sqrt(2 / (16 * 9)))
    return model


def flax_transposed():
    """Flax with transpose_kernel: a kernel (k, k, out, in), with its fan still taken from the last axis but one."""
    from flax import nnx

    return nnx.ConvTranspose(64, 16, (3, 3), transpose_kernel=True, use_bias=False, rngs=nnx.Rngs(0))


def flax_batch_axes():
    """Flax's general dense layer with a batch axis: its kernels side by side are counted as inputs."""
    from flax import nnx

    return nnx.LinearGeneral(64, 64, batch_axis={0: 8}, use_bias=False, rngs=nnx.Rngs(0))


def autoinit_depthwise():
    """AutoInit: the gain of an orthogonal depthwise kernel times C, not √C."""
    model = nn.Sequential(nn.Conv2d(64, 64, 3, groups=64, bias=False))
    nn.init.orthogonal_(model[0].weight, gain=64.0, generator=GENERATOR)
    return model


def divided_by_outputs():
    """A reproduction of mean-field theory that divides by out_features."""
    model = mlp(64, 256, act=nn.Tanh)
    normal_(model[0].weight, 1 / math.sqrt(256))
    return model


def cut_at_two():
    """torchtitan, timm, lingua: std 0.02, cut at ±2, which is 100σ."""
    model = mlp(256, 256, 256)
    for layer in (model[0], model[2]):
        nn.init.trunc_normal_(layer.weight, std=0.02, generator=GENERATOR)
    return model


def cut_not_scaled():
    """lingua: the std divided by the depth factor, the cut still at 3 of the undivided."""
    model = mlp(256, 256, 256)
    for layer in (model[0], model[2]):
        nn.init.trunc_normal_(layer.weight, std=0.02 / 4, a=-0.06, b=0.06, generator=GENERATOR)
    return model


def depth_scaling_that_never_ran():
    """transformers 47458: name == "c_proj.weight" never equals a full name."""
    model = gpt2()
    initlab.init(model, "gpt2", seed=1)
    for name, tensor in model.named_parameters():
        if name.endswith("c_proj.weight"):
            normal_(tensor, 0.02)
    return model


def t5_head():
    """T5's untied head at std 1: a first loss of 110 where ln(V) is due."""
    model = t5()
    normal_(model.lm_head.weight, 1.0)
    return model


def wrong_layer_scaled():
    """llama2.c 579: the depth scaling on w3, the up-projection, in the place of w2."""
    model = Llama()
    initlab.init(model, "gpt2", seed=1)
    for layer in model.layers:
        normal_(layer.w3.weight, 0.02 / math.sqrt(12))
        normal_(layer.w2.weight, 0.02)
    return model


def identical_shards():
    """torchtitan 3106: every rank and every layer draws the same bits."""
    model = mlp(64, 64, 64)
    shard = torch.randn(16, 64, generator=GENERATOR) * math.sqrt(2 / 64)
    for layer in (model[0], model[2]):
        with torch.no_grad():
            layer.weight.copy_(shard.repeat(4, 1))
    return model


ALL_HE = policy({"role": ["input", "weight", "head"], "scheme": "he_normal"})
GATED = policy(
    {"role": ["attention_out", "residual_out"], "scheme": "gpt2"}, {"role": ["weight", "gate"], "scheme": "gpt2"}
)

TABLE = {
    "dks: swapped": (suo_swapped, weights("scaled_uniform_orthogonal"), "orthogonality"),
    "torch: packed qkv": (packed_attention, weights("glorot_uniform", "in_proj_weight"), "std"),
    "torch: depthwise fan_out": (depthwise_fan_out, weights("he_normal(mode=fan_out)", "0.weight"), "std"),
    "torch: transposed": (transposed_fans, weights("lecun_normal", "0.weight"), "std"),
    "timm: packed qkv": (packed_vit, weights("glorot_uniform"), "std"),
    "keras: depthwise": (keras_depthwise, weights("he_normal", "0.weight"), "std"),
    "keras: transposed": (keras_transposed, weights("he_normal", "0.weight"), "std"),
    "flax: transpose_kernel": (flax_transposed, weights("lecun_truncated", "weight"), "std"),
    "flax: batch_axis": (flax_batch_axes, weights("lecun_truncated", "weight*"), "std"),
    "autoinit: depthwise": (autoinit_depthwise, weights("orthogonal(gain=8)", "0.weight"), "orthogonality"),
    "mean field: fan_out": (divided_by_outputs, weights("lecun_normal"), "std"),
    "titan: cut at 100σ": (cut_at_two, weights("truncated_normal(std=0.02, cut=3)"), "support"),
    "lingua: cut not scaled": (cut_not_scaled, weights("truncated_normal(std=0.005, cut=3)"), "support"),
    "openai gpt: range ignored": (openai_gpt, weights("normal(std=0.01)", "*.c_*.weight"), "std"),
    "gpt2: scaling never ran": (depth_scaling_that_never_ran, "gpt2", "std"),
    "t5: head at 1": (t5_head, weights("lecun_normal", "lm_head.weight"), "std"),
    "llama2.c: w3 for w2": (wrong_layer_scaled, GATED, "std"),
    "titan: identical shards": (identical_shards, ALL_HE, "rows"),
}  # fmt: skip


@pytest.mark.parametrize("name", TABLE)
def test_the_defect_is_found_and_its_mended_twin_passes(name):
    broken, asked, kind = TABLE[name]
    model = broken()
    found = initlab.verify(model, asked)
    kinds = {each.kind for verdict in found.verdicts for each in verdict.findings}
    assert kind in kinds, str(found)
    model = initlab.init(model, asked, seed=0)
    mended = initlab.verify(model, asked, seed=0)
    assert mended.holds, str(mended)
    assert initlab.verify(model, asked).holds


CAUSES = {
    "torch: packed qkv": "1/√2 of it, as when queries, keys and values are packed",
    "timm: packed qkv": "1/√2 of it, as when queries, keys and values are packed",
    "gpt2: scaling never ran": "√(2 · 6) times it, as when the scaling by depth never ran",
    "llama2.c: w3 for w2": "√(2 · 6) times it, as when the scaling by depth never ran",
    "openai gpt: range ignored": "0.02, the fixed initializer_range",
    "t5: head at 1": "1, as when nothing scales it",
    "keras: depthwise": "1/√128 of it, as when groups are not counted",
    "torch: depthwise fan_out": "1/√128 of it, as when groups are not counted",
    "mean field: fan_out": "√(fan_in/fan_out) times it, as when the two fans are swapped",
    "torch: transposed": "√(fan_in/fan_out) times it, as when the two fans are swapped",
}


@pytest.mark.parametrize("name", CAUSES)
def test_the_mistake_is_named(name):
    broken, asked, _ = TABLE[name]
    found = initlab.verify(broken(), asked)
    assert CAUSES[name] in {each.cause for each in found.findings}, str(found)


def test_identical_layers_are_told_apart_from_identical_rows():
    found = initlab.verify(identical_shards(), ALL_HE)
    kinds = [[each.kind for each in verdict.findings] for verdict in found.verdicts]
    assert kinds == [["rows"], ["rows", "duplicate"]]


def test_a_backbone_that_was_overwritten_is_told_from_the_one_that_was_loaded():
    """mmpretrain 318: init_weights draws the loaded backbone anew, by the very law that it was drawn by."""
    model = nn.Sequential(mlp(64, 64, 64), nn.ReLU(), nn.Linear(64, 8))
    initlab.init(model, "he", seed=0)
    for layer in (model[0][0], model[0][2]):
        nn.init.kaiming_normal_(layer.weight, generator=GENERATOR)
    assert initlab.verify(model, "he").holds
    found = initlab.verify(model, "he", seed=0)
    assert [(each.name, each.kind) for each in found.findings] == [("0.0.weight", "numbers"), ("0.2.weight", "numbers")]


RAISING = """
from torch import nn

def orthogonal_init_method(n_layers=1, use_mup=False, mup_init_scale=1.0):
    if mup_init_scale and use_mup:
        raise ValueError("Orthogonal init needs to be patched to support mup.")
    return nn.init.orthogonal_

def neox():
    layer = nn.Linear(8, 8)
    orthogonal_init_method(False, 1.0)(layer.weight)
    return layer

def olmo():
    raise NotImplementedError("kaiming_normal")
"""


@pytest.mark.parametrize(
    ("name", "words"), [("neox", "ValueError: Orthogonal init"), ("olmo", "NotImplementedError: kaiming_normal")]
)
def test_a_defect_that_raises_gets_one_line(name, words, tmp_path, monkeypatch, capsys):
    """gpt-neox binds arguments to the wrong names; OLMo lists schemes that it does not implement."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "m.py").write_text(RAISING)
    assert run(["verify", f"m.py:{name}", "--policy", "orthogonal"]) == 2
    printed = capsys.readouterr().err
    assert words in printed
    assert printed.count("\n") == 1
