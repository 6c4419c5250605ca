"""What follows a parameter, seen where it happens: in functional calls, in place, in layers used twice, in branches."""

import pytest

torch = pytest.importorskip("torch")
from torch import nn  # noqa: E402
from torch.nn import functional as F  # noqa: E402, N812

from initlab.adapters.torch.adapter import TorchAdapter  # noqa: E402
from initlab.adapters.torch.fill import draw_block  # noqa: E402
from initlab.adapters.torch.read import read as reading  # noqa: E402
from initlab.laws import Normal  # noqa: E402


def read(model, **how):
    return {each.name: each for each in TorchAdapter(**how).parameters(model)}


class Net(nn.Module):
    """Layers a, b, c of width 6, and the forward pass that a test gives it."""

    def __init__(self, forward, **more):
        super().__init__()
        self.a, self.b, self.c = nn.Linear(6, 6), nn.Linear(6, 6), nn.Linear(6, 6)
        for name, module in more.items():
            setattr(self, name, module)
        self.run = forward

    def forward(self, x):
        return self.run(self, x)


FUNCTIONS = {
    "relu": F.relu,
    "leaky_relu": F.leaky_relu,
    "tanh": torch.tanh,
    "sigmoid": lambda z: 1 / (1 + torch.exp(-z)),
    "gelu": lambda z: 0.5 * z * (1 + torch.erf(z / 2**0.5)),
    "gelu_tanh": lambda z: 0.5 * z * (1 + torch.tanh((2 / torch.pi) ** 0.5 * (z + 0.044715 * z**3))),
    "silu": lambda z: z * torch.sigmoid(z),
    "mish": lambda z: z * torch.tanh(F.softplus(z)),
    "relu_squared": lambda z: z.clamp(min=0).square(),
    "elu": F.elu,
    "selu": F.selu,
    "softsign": F.softsign,
    "hardswish": F.hardswish,
    "atan": torch.atan,
    "sin": torch.sin,
}


@pytest.mark.parametrize("name", FUNCTIONS)
def test_an_activation_is_known_by_its_values(name):
    found = read(Net(lambda self, x: self.c(self.b(FUNCTIONS[name](self.a(x)) * 1.7))))
    assert (found["a.weight"].activation, found["b.weight"].activation) == (name, "linear")
    assert found["a.bias"].activation == name
    assert [found[f"{layer}.weight"].role for layer in "abc"] == ["input", "weight", "head"]


def test_one_that_is_in_no_catalogue_is_said_to_be():
    found = read(Net(lambda self, x: self.b(torch.cos(3 * self.a(x)))))
    assert found["a.weight"].activation is None
    assert "not in the catalogue" in found["a.weight"].why


def in_place(self, x):
    x = self.a(x)
    x.relu_()
    return self.b(x)


def through_views_norms_and_dropout(self, x):
    x = F.dropout(F.layer_norm(self.a(x).view(-1, 2, 3), (2, 3)), 0.1, self.training)
    return self.b(F.relu(x.flatten(1)))


def used_twice(self, x):
    return self.b(F.relu(self.a(F.relu(self.a(x)))))


@pytest.mark.parametrize("forward", [in_place, through_views_norms_and_dropout, used_twice])
def test_it_is_seen_wherever_it_happens(forward):
    found = read(Net(forward))
    assert found["a.weight"].activation == "relu"
    assert found["b.weight"].role == "head"
    assert "not reached in the run" in found["c.weight"].why


def test_the_rows_of_a_layer_that_is_split_are_told_apart():
    net = Net(lambda self, x: self.b(F.silu(self.wide(x)[:, :6]) * self.wide(x)[:, 6:]), wide=nn.Linear(6, 12))
    found = read(net)
    assert (found["wide.weight[gate]"].activation, found["wide.weight[gate]"].role) == ("silu", "gate")
    assert found["wide.weight[up]"].activation == "linear"
    assert found["wide.bias[up]"].shape == (6,)
    assert found["wide.weight[up]"].fan.fan_out == 6


class Block(nn.Module):
    """x + conv(relu(conv(x))), through a projection where the width changes."""

    def __init__(self, inputs, outputs):
        super().__init__()
        self.first, self.second = nn.Conv2d(inputs, outputs, 3, padding=1), nn.Conv2d(outputs, outputs, 3, padding=1)
        self.skip = nn.Conv2d(inputs, outputs, 1) if inputs != outputs else nn.Identity()
        self.scale = nn.Parameter(torch.ones(1))

    def forward(self, x):
        return F.relu(self.skip(x) + self.scale * self.second(F.relu(self.first(x))))


def test_residual_branches_their_scales_and_projections():
    net = nn.Sequential(Block(3, 4), Block(4, 4), Block(4, 8), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(8, 2))
    found = read(nn.Sequential(nn.Sequential(*net[:3]), *net[3:]), example=torch.zeros(1, 3, 8, 8))
    for k in range(3):
        assert found[f"0.{k}.second.weight"].role == "residual_out"
        assert found[f"0.{k}.scale"].role == "residual_scale"
        assert (found[f"0.{k}.first.weight"].layer, found[f"0.{k}.first.weight"].depth) == (k, 3)
        assert found[f"0.{k}.second.weight"].activation == "relu"
    assert found["0.2.skip.weight"].role == "weight"
    assert found["3.weight"].role == "head"


def test_attention_written_out_by_hand():
    def forward(self, x):
        scores = self.a(x) @ self.b(x).transpose(-1, -2) / 6**0.5
        return x + self.out(torch.softmax(scores, -1) @ self.c(x))

    found = read(Net(forward, out=nn.Linear(6, 6)), example=torch.zeros(2, 5, 6))
    assert [found[f"{name}.weight"].role for name in ("a", "b", "c", "out")] == [
        "query",
        "key",
        "value",
        "attention_out",
    ]


def test_weights_held_by_a_module_itself_are_known_by_what_is_done_with_them():
    class Raw(nn.Module):
        def __init__(self):
            super().__init__()
            self.kernel, self.shift = nn.Parameter(torch.zeros(6, 4)), nn.Parameter(torch.zeros(4))
            self.scale, self.place = nn.Parameter(torch.ones(4)), nn.Parameter(torch.zeros(5, 4))
            self.token = nn.Parameter(torch.zeros(1, 1, 4))

        def forward(self, x):
            x = x @ self.kernel + self.shift
            x = x * torch.rsqrt(x.square().mean(-1, keepdim=True) + 1e-6) * (1 + self.scale)
            return torch.cat([self.token.expand(len(x), -1, -1), x + self.place], 1)

    found = read(Raw(), example=torch.zeros(2, 5, 6))
    roles = {name: each.role for name, each in found.items()}
    assert roles == {
        "kernel": "head",
        "shift": "bias",
        "scale": "norm_scale",
        "place": "positional",
        "token": "embedding",
    }
    assert found["kernel"].shape == (4, 6)
    assert found["kernel"].fan.fan_in == 6
    assert found["scale"].neutral == 0.0


def test_a_model_that_does_not_run_is_read_from_its_structure_and_says_so():
    def forward(self, x):
        raise RuntimeError("no such thing")

    adapter = TorchAdapter()
    found = {each.name: each for each in adapter.parameters(Net(forward))}
    assert adapter.note(Net(forward)).endswith("RuntimeError: no such thing")
    assert found["a.weight"].fan.fan_in == 6
    assert found["a.weight"].activation is None
    assert "no such thing" in found["a.weight"].why


def test_a_run_touches_nothing_of_the_model():
    seen = []

    def forward(self, x):
        self.count += 1
        self.a.weight.mul_(2)
        seen.append(torch.rand(1))
        return self.b(F.dropout(self.a(x), 0.5, training=True))

    net = Net(forward)
    net.register_buffer("count", torch.zeros(()))
    net.a.requires_grad_(False)
    weight, state = net.a.weight.clone(), torch.get_rng_state()
    assert not read(net)["a.weight"].trainable
    assert seen
    assert torch.equal(torch.get_rng_state(), state)
    assert torch.equal(net.a.weight, weight)
    assert net.count == 0
    assert net.training


def test_the_blocks_of_a_sharded_tensor_are_drawn_where_they_lie():
    """Four ranks without one another: each holds the rows that are its own of the whole that one rank would draw."""
    from torch import distributed
    from torch.distributed.tensor import DTensor, Shard, init_device_mesh
    from torch.testing._internal.distributed.fake_pg import FakeStore

    model = nn.MultiheadAttention(8, 2)
    blocks = {name: entry.block for name, entry in reading(model).entries.items() if "in_proj_weight" in name}
    TorchAdapter().fill(model, dict.fromkeys(blocks, Normal(std=1.0)), seed=0)
    parts = []
    for rank in range(4):
        distributed.init_process_group("fake", rank=rank, world_size=4, store=FakeStore())
        try:
            mesh = init_device_mesh("cpu", (4,))
            held = DTensor.from_local(torch.zeros(6, 8), mesh, [Shard(0)], run_check=False)
            for name, block in blocks.items():
                draw_block(held, block, Normal(std=1.0), name=name, seed=0)
            parts.append(held.to_local())
        finally:
            distributed.destroy_process_group()
    assert torch.equal(torch.cat(parts), model.in_proj_weight.detach())
