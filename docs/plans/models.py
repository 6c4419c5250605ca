"""The models whose plans stand beside this file."""

import torch
from flax import nnx
from transformers import GPT2Config, GPT2LMHeadModel


def gpt2_small() -> GPT2LMHeadModel:
    """GPT-2 of 124 million parameters, on the meta device: a plan needs no memory."""
    with torch.device("meta"):
        return GPT2LMHeadModel(GPT2Config())


class Block(nnx.Module):
    """Attention and a gated feed-forward, each added to the stream."""

    def __init__(self, width: int, rngs: nnx.Rngs) -> None:
        self.attention_norm = nnx.RMSNorm(width, rngs=rngs)
        self.attention = nnx.MultiHeadAttention(8, width, decode=False, rngs=rngs)
        self.mlp_norm = nnx.RMSNorm(width, rngs=rngs)
        self.gate = nnx.Linear(width, 4 * width, use_bias=False, rngs=rngs)
        self.up = nnx.Linear(width, 4 * width, use_bias=False, rngs=rngs)
        self.down = nnx.Linear(4 * width, width, use_bias=False, rngs=rngs)

    def __call__(self, x):  # noqa: ANN001, ANN204
        x = x + self.attention(self.attention_norm(x))
        y = self.mlp_norm(x)
        return x + self.down(nnx.silu(self.gate(y)) * self.up(y))


class Transformer(nnx.Module):
    """A small language model of Flax."""

    def __init__(self, rngs: nnx.Rngs, *, depth: int = 6, width: int = 64, vocabulary: int = 512) -> None:
        self.embed = nnx.Embed(vocabulary, width, rngs=rngs)
        self.blocks = nnx.List([Block(width, rngs) for _ in range(depth)])
        self.head = nnx.Linear(width, vocabulary, use_bias=False, rngs=rngs)

    def __call__(self, tokens):  # noqa: ANN001, ANN204
        x = self.embed(tokens)
        for block in self.blocks:
            x = block(x)
        return self.head(x)


def transformer() -> Transformer:
    """The language model of Flax, made."""
    return Transformer(nnx.Rngs(0))
