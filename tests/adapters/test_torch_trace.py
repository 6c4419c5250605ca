"""The trace of torch models: what it sees, and that it leaves no mark."""

import random

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional
from torch.utils.checkpoint import checkpoint

from initlab.adapters.batches import Made
from initlab.adapters.torch.trace import trace
from initlab.errors import DataError


class Functional(nn.Module):
    """Activations as functions, one module used twice, an operation in place, a dict as output."""

    def __init__(self):
        super().__init__()
        self.first, self.again, self.head = nn.Linear(8, 16), nn.Linear(16, 16), nn.Linear(16, 3)

    def forward(self, x):
        x = functional.relu(self.first(x))
        x = self.again(self.again(x)).relu_()
        return {"logits": self.head(functional.dropout(torch.tanh(x), 0.5, self.training))}


class Attention(nn.Module):
    def __init__(self):
        super().__init__()
        self.layer = nn.TransformerEncoderLayer(16, 4, 32, dropout=0.1, batch_first=True)
        self.head = nn.Linear(16, 3)

    def forward(self, x):
        return self.head(self.layer(x).mean(1))


class Checkpointed(nn.Module):
    def __init__(self, *, old):
        super().__init__()
        self.old = old
        self.stem = nn.Linear(8, 16)
        self.block = nn.Sequential(nn.Linear(16, 16), nn.GELU(), nn.Dropout(0.3), nn.Linear(16, 16))
        self.head = nn.Linear(16, 3)

    def forward(self, x):
        return self.head(checkpoint(self.block, self.stem(x), use_reentrant=self.old))


class Recurrent(nn.Module):
    def __init__(self):
        super().__init__()
        self.cell, self.head = nn.LSTM(8, 16, batch_first=True), nn.Linear(16, 3)

    def forward(self, x):
        return self.head(self.cell(x)[0][:, -1])


class Raising(nn.Module):
    def __init__(self):
        super().__init__()
        self.norm, self.first = nn.BatchNorm1d(8), nn.Linear(8, 4)

    def forward(self, x):
        self.norm(self.first(self.norm(x)).new_zeros(len(x), 8))
        raise RuntimeError("no way")


def normed():
    return nn.Sequential(nn.Linear(8, 16), nn.BatchNorm1d(16), nn.ReLU(inplace=True), nn.Dropout(), nn.Linear(16, 3))


MODELS = {
    "functional": (Functional, (32, 8)),
    "attention": (Attention, (8, 5, 16)),
    "checkpoint": (lambda: Checkpointed(old=False), (32, 8)),
    "old checkpoint": (lambda: Checkpointed(old=True), (32, 8)),
    "recurrent": (Recurrent, (8, 5, 8)),
    "normed": (normed, (32, 8)),
}


def made(name):
    torch.manual_seed(0)
    build, shape = MODELS[name]
    return build(), Made(shape=shape)


def names(found):
    return [op.name for op in found.first.ops]


def test_functions_reused_modules_and_operations_in_place_are_seen():
    found = trace(*made("functional"))
    assert names(found) == ["first", "relu#1", "again#1", "again#2", "relu#2", "tanh", "head"]
    again = found.first.ops[3]
    assert again.std == pytest.approx(found.first.ops[4].std)
    assert again.mean < 0.9
    assert found.first.ops[4].inputs == (3,)
    assert [op.name for op in found.first.ops if op.head] == ["head"]


def test_the_statistics_are_those_of_the_pre_activations():
    torch.manual_seed(0)
    model, x, y = nn.Sequential(nn.Linear(8, 16), nn.ReLU(inplace=True), nn.Linear(16, 3)), torch.randn(32, 8), None
    y = torch.arange(32) % 3
    found = trace(model, (x, y))
    z = model[0](x).detach()
    assert found.first.ops[0].std == pytest.approx(float(z.std(correction=0)), rel=1e-5)
    assert found.first.ops[0].square == pytest.approx(float(z.square().mean()), rel=1e-5)
    assert found.first.ops[1].dead == int((z <= 0).all(0).sum())
    functional.cross_entropy(model(x), y).backward()
    for name, parameter in model.named_parameters():
        assert found.first.gradients[name].norm == pytest.approx(float(parameter.grad.norm()), rel=1e-5)


def test_packed_attention_shows_its_products_and_scores():
    found = trace(*made("attention"))
    assert "layer.self_attn.in_proj_weight" in names(found)
    assert any(op.kind == "attention" and op.scores > 0 and op.keys == 5 for op in found.first.ops)
    assert all(weight.used for weight in found.weights)
    assert found.residual
    assert found.normalised


@pytest.mark.parametrize("name", ["checkpoint", "old checkpoint"])
def test_what_a_checkpoint_runs_again_is_counted_once(name):
    found = trace(*made(name))
    assert names(found) == ["stem", "block.0", "block.1", "block.3", "head"]
    assert all(op.backward_std > 0 for op in found.first.ops if op.weights)


def test_dropout_is_off():
    model, batch = made("normed")
    first, second = (trace(model, batch, seed=0) for _ in range(2))
    assert repr(first) == repr(second)
    assert first.first.loss == pytest.approx(trace(nn.Sequential(*model[:3], model[4]), batch, seed=0).first.loss)


def test_autocast_eval_and_compiled_models_are_traced_alike():
    model, batch = made("functional")
    plain = trace(model, batch)
    assert repr(trace(model.eval(), batch)) == repr(plain)
    assert not model.training
    assert repr(trace(torch.compile(model, backend="eager"), batch)) == repr(plain)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        mixed = trace(model, batch)
    assert names(mixed) == names(plain)
    assert mixed.first.ops[0].dtype == "bfloat16"


def everything(model):
    state = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    grads = {name: None if p.grad is None else p.grad.clone() for name, p in model.named_parameters()}
    modes = [module.training for module in model.modules()]
    hooks = [len(m._forward_hooks) + len(m._forward_pre_hooks) for m in model.modules()]
    return state, grads, modes, hooks, torch.get_rng_state(), np.random.get_state()[1].copy(), random.getstate()


def same(before, after):
    for left, right in zip(before[:2], after[:2], strict=True):
        assert left.keys() == right.keys()
        for name in left:
            assert (left[name] is None) == (right[name] is None)
            assert left[name] is None or torch.equal(left[name], right[name])
    assert before[2:4] == after[2:4]
    assert torch.equal(before[4], after[4])
    assert (before[5] == after[5]).all()
    assert before[6] == after[6]


@pytest.mark.parametrize("name", MODELS)
def test_the_model_is_left_as_it_was_bit_for_bit(name):
    model, batch = made(name)
    next(model.parameters()).grad = torch.ones_like(next(model.parameters()))
    next(iter(model.children())).eval()
    before = everything(model)
    trace(model, batch)
    same(before, everything(model))


def test_the_model_is_left_as_it_was_when_it_raises():
    model, batch = Raising(), torch.randn(16, 8)
    before = everything(model)
    with pytest.raises(DataError, match=r"must run on the batch .* in forward \(Raising\) RuntimeError: no way\. Give"):
        trace(model, batch)
    same(before, everything(model))


def test_a_table_with_a_largest_norm_is_not_rewritten():
    model = nn.Sequential(nn.Embedding(10, 4, max_norm=0.1), nn.Flatten(), nn.Linear(20, 3))
    before = everything(model)
    trace(model, Made.tokens("8x5:10"))
    same(before, everything(model))


def test_tied_weights_are_one():
    table = nn.Embedding(20, 8)
    head = nn.Linear(8, 20, bias=False)
    head.weight = table.weight
    found = trace(nn.Sequential(table, head), Made.tokens("8x5:20"))
    assert [(weight.name, weight.aliases) for weight in found.weights] == [("0.weight", ("1.weight",))]


def test_the_loss_is_inferred_and_said():
    torch.manual_seed(0)
    cases = {
        "cross entropy with labels": nn.Linear(8, 3),
        "mean squared error with unit": nn.Linear(8, 1),
        "cross entropy of probabilities": nn.Sequential(nn.Linear(8, 3), nn.Softmax(-1)),
        "negative log likelihood": nn.Sequential(nn.Linear(8, 3), nn.LogSoftmax(-1)),
    }
    for words, model in cases.items():
        assert words in trace(model).loss
    for width in (1, 8):
        assert "binary cross entropy with balanced" in trace(nn.Sequential(nn.Linear(8, width), nn.Sigmoid())).loss
    x = torch.randn(32, 8)
    assert "binary" in trace(nn.Linear(8, 1), (x, (torch.arange(32) % 2).float()[:, None])).loss
    assert "squared" in trace(nn.Linear(8, 2), (x, torch.randn(32, 2))).loss
    assert "next token" in trace(nn.Sequential(nn.Embedding(20, 8), nn.Linear(8, 20)), Made.tokens("8x5:20")).loss


@pytest.mark.parametrize(
    ("model", "batch", "loss", "words"),
    [
        (nn.Linear(8, 3), torch.zeros(4, 8, dtype=torch.long), None, "must run on the batch"),
        (normed(), torch.randn(1, 8), None, "Expected more than 1 value per channel"),
        (nn.ReLU(), torch.randn(4, 8), None, "must have a trainable weight"),
        (nn.Linear(8, 3), torch.randn(4, 8), lambda out: out.sum(1), "must be one number, got shape (4,)"),
        (nn.Linear(8, 3), torch.randn(4, 8), lambda out: out.detach().sum(), "must depend on a trainable weight"),
        (nn.Linear(8, 3), torch.randn(4, 8), lambda out, y: out, "must work when called with (output)"),
        (nn.Linear(8, 3), "text", None, "must be a tensor"),
        (nn.Linear(8, 3), (torch.randn(4, 8), torch.zeros(5).long()), None, "one class a row"),
        (nn.Linear(8, 3, device="meta"), torch.randn(4, 8), None, "on meta"),
        (nn.LazyLinear(3), torch.randn(4, 8), None, "weight of a lazy module. Run it on a batch first."),
        (nn.Linear(8, 3), torch.randn(4, 8), lambda out, y: out, "give targets with the batch"),
    ],
)
def test_what_cannot_be_traced_is_said_in_one_line(model, batch, loss, words):
    with pytest.raises(DataError) as caught:
        trace(model, batch, loss)
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)


def drawn_by_hand(x):
    return x * (torch.rand_like(x) > 0.4).float() / 0.6


def drop_path_of_timm(x):
    mask = x.new_empty((len(x), 1)).bernoulli_(0.7)
    mask.div_(0.7)
    return x * mask


def drop_path_of_transformers(x):
    mask = 0.7 + torch.rand((len(x), 1), dtype=x.dtype)
    mask.floor_()
    return x.div(0.7) * mask


def drawn_in_place(x):
    return x.clone().mul_(torch.bernoulli(torch.full_like(x, 0.2))) / 0.2


def filled(x):
    return x.masked_fill(torch.rand_like(x) < 0.2, 0.0) / 0.8


def filled_in_place(x):
    x = x.clone()
    x[torch.rand(x.shape) < 0.2] = 0
    return x.masked_fill_(~torch.empty_like(x).bernoulli_(0.5).bool(), 0.0) / 0.4


def chosen(x):
    kept = torch.where(torch.rand_like(x) < 0.25, torch.zeros_like(x), x)
    return torch.where(torch.rand(x.shape) < 0.5, kept, 0.0) / 0.375


class Noisy(nn.Module):
    def __init__(self, noise):
        super().__init__()
        self.first, self.head, self.noise = nn.Linear(8, 16), nn.Linear(16, 3), noise

    def forward(self, x):
        return self.head(self.noise(torch.relu(self.first(x))))


@pytest.mark.parametrize(
    "noise",
    [
        drawn_by_hand, drop_path_of_timm, drop_path_of_transformers, drawn_in_place, filled, filled_in_place, chosen,
        nn.Dropout(0.3),
    ],
)  # fmt: skip
def test_masks_that_drop_are_taken_away_by_their_mean(noise):
    torch.manual_seed(0)
    model = Noisy(noise)
    found = trace(model, Made(shape=(32, 8)))
    model.noise = nn.Identity()
    assert found.noise == ()
    assert [each.loss for each in found.passes] == pytest.approx(
        [each.loss for each in trace(model, Made(shape=(32, 8))).passes], rel=1e-6
    )


@pytest.mark.parametrize(
    ("noise", "said"),
    [
        (lambda x: x + torch.randn_like(x), ("randn_like",)),
        (lambda x: x.masked_fill(torch.rand(x.shape) < 0.1, -1e9), ("rand",)),
        (lambda x: torch.where(torch.rand(x.shape) < 0.1, torch.zeros(1, requires_grad=True), x), ("rand",)),
        (lambda x: x * torch.from_numpy(np.random.rand(*x.shape) < 0.5), ("numpy.random",)),
        (lambda x: x + random.random(), ("random",)),
        (lambda x: x * torch.bernoulli(torch.sigmoid(x)).detach(), ("bernoulli",)),
    ],
)
def test_other_noise_is_left_and_said(noise, said):
    torch.manual_seed(0)
    model = Noisy(noise)
    assert trace(model, Made(shape=(32, 8))).noise == said
    assert repr(trace(model, Made(shape=(32, 8)))) == repr(trace(model, Made(shape=(32, 8))))


def test_slopes_that_are_drawn_are_their_mean():
    torch.manual_seed(0)
    model, batch = Noisy(nn.RReLU()), (torch.randn(32, 8), torch.arange(32) % 3)
    assert repr(trace(model, batch, seed=0).passes) == repr(trace(model, batch, seed=1).passes)


class Own(nn.Module):
    """Drops by a generator of its own."""

    def __init__(self, generator):
        super().__init__()
        self.first, self.head, self.generator = nn.Linear(8, 16), nn.Linear(16, 3), generator

    def forward(self, x):
        h = torch.relu(self.first(x))
        if isinstance(self.generator, torch.Generator):
            return self.head(h * (torch.rand(h.shape, generator=self.generator) < 0.5) / 0.5)
        return self.head(h * torch.from_numpy(self.generator.random(h.shape) < 0.5) / 0.5)


@pytest.mark.parametrize(
    ("generator", "state", "said"),
    [
        (torch.Generator(), lambda made: made.get_state().tolist(), ()),
        (np.random.default_rng(3), lambda made: str(made.bit_generator.state), ("generator",)),
    ],
)
def test_a_generator_of_the_model_draws_alike_in_each_pass_and_is_left_as_it_was(generator, state, said):
    before, model = state(generator), Own(generator)
    torch.manual_seed(0)
    batch = torch.randn(32, 8), torch.arange(32) % 3
    found = trace(model, batch, steps=1, rate=0.0)
    assert state(generator) == before
    assert found.passes[0].loss == found.passes[1].loss
    assert found.noise == said
