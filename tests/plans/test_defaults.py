"""What the layers of torch and Flax hold is what the presets of their defaults plan."""

import pytest
import torch
from torch import nn

import initlab


def layers():
    return nn.ModuleDict(
        {
            "dense": nn.Linear(40, 60),
            "conv": nn.Conv2d(16, 32, 3, groups=4, stride=2),
            "up": nn.ConvTranspose2d(32, 16, 3, stride=2),
            "depthwise": nn.Conv1d(32, 32, 5, groups=32),
            "embed": nn.Embedding(200, 24, padding_idx=3),
            "norm": nn.LayerNorm(60),
            "batch": nn.BatchNorm2d(32),
            "group": nn.GroupNorm(4, 32),
            "lstm": nn.LSTM(24, 40, num_layers=2),
            "gru": nn.GRU(24, 40, bidirectional=True),
            "rnn": nn.RNN(24, 40),
            "cell": nn.LSTMCell(24, 40),
            "attention": nn.MultiheadAttention(32, 4),
            "encoder": nn.TransformerEncoderLayer(32, 4, 64, batch_first=True),
            "bilinear": nn.Bilinear(8, 9, 10),
        }
    )


@pytest.mark.parametrize("seed", range(3))
def test_torch_s_own_layers(seed):
    torch.manual_seed(seed)
    found = initlab.verify(layers(), "framework-default", strict=True)
    assert found.holds, str(found)
    drawn = initlab.init(layers(), "framework-default", seed=seed)
    assert initlab.verify(drawn, "torch-default", seed=seed).holds


def test_flax_s_own_layers():
    from flax import nnx

    class Net(nnx.Module):
        def __init__(self, rngs):
            self.embed = nnx.Embed(100, 32, rngs=rngs)
            self.dense = nnx.Linear(32, 64, rngs=rngs)
            self.conv = nnx.Conv(8, 16, (3, 3), rngs=rngs)
            self.attention = nnx.MultiHeadAttention(4, 64, decode=False, rngs=rngs)
            self.norm = nnx.LayerNorm(64, rngs=rngs)

    found = initlab.verify(Net(nnx.Rngs(0)), "framework-default")
    assert found.holds, str(found)


def test_a_default_is_not_what_another_policy_plans():
    found = initlab.verify(layers(), "he")
    assert {"dense.weight", "conv.weight", "lstm.weight_ih_l0[input]"} <= {each.name for each in found.findings}
