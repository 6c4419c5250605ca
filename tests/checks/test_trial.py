"""A weight that no convention gives is tried, not accused: what it costs the network decides."""

import math

import pytest
import torch
from torch import nn

import initlab
from initlab.adapters.torch.trace import trace
from initlab.rules import RULES, NotApplicable
from initlab.rules.conventions import unusual
from initlab.trace import Trace, Trial


def net(*, inputs=16, outputs=1):
    torch.manual_seed(0)
    return nn.Sequential(
        nn.Embedding(50, inputs), nn.Linear(inputs, 64), nn.LayerNorm(64), nn.ReLU(), nn.Linear(64, outputs)
    )


def batch():
    torch.manual_seed(1)
    return torch.randint(50, (64,)), torch.randn(64, 1)


def absolute(output, target):
    """A loss without a chance level."""
    return (output - target).abs().mean()


def told(model):
    return {each.weight: each.words for each in unusual(trace(model, batch(), absolute))}


@pytest.mark.parametrize(
    ("name", "change", "words"),
    [
        ("1.weight", lambda w: w.mul_(30), "times the gain that its layer calls for"),
        ("1.weight", lambda w: w.mul_(1e-3), "times the gain that its layer calls for"),
        ("1.weight", lambda w: w[3].mul_(100), "times as large as the others"),
        ("1.weight", lambda w: w[:, ::2].zero_(), "is zero in 50 % of its entries"),
        ("1.bias", lambda w: w.fill_(-12.0), "has entries up to 12"),
        ("0.weight", lambda w: w.mul_(30), "has entries of size 30"),
        ("0.weight", lambda w: w.mul_(1e-4), "has entries of size 0.0001"),
        ("0.weight", lambda w: w[7].mul_(50), "has a row"),
        ("2.weight", lambda w: w.fill_(10.0), "has mean 10, and 1 is usual"),
        ("4.weight", lambda w: w.mul_(30), "times the gain that its layer calls for"),
    ],
)
def test_what_no_convention_gives_is_named(name, change, words):
    model = net()
    with torch.no_grad():
        change(model.get_parameter(name))
    found = told(model)
    assert list(found) == [name]
    assert words in found[name]


def test_zero_heads_torch_s_own_draws_and_gpt_s_are_usual():
    model = net()
    nn.init.zeros_(model[4].weight)
    small = net(inputs=64)
    nn.init.trunc_normal_(small[1].weight, std=0.02)
    assert told(net()) == told(model) == told(small) == {}


@pytest.mark.parametrize(
    "draw",
    [
        lambda w: nn.init.kaiming_normal_(w, nonlinearity="relu"),
        lambda w: nn.init.kaiming_uniform_(w, nonlinearity="relu"),
        nn.init.xavier_normal_,
        nn.init.xavier_uniform_,
        nn.init.orthogonal_,
    ],
)
def test_the_usual_draws_are_usual(draw):
    torch.manual_seed(0)
    model = nn.Sequential(*[layer for _ in range(3) for layer in (nn.Linear(64, 64), nn.ReLU())], nn.Linear(64, 4))
    for layer in model[::2]:
        draw(layer.weight)
    assert unusual(trace(model)) == ()


def test_a_prior_that_helps_is_left_alone_and_one_that_harms_is_not():
    x, y = batch()
    helped, harmed = net(), net()
    for model in (helped, harmed):
        nn.init.constant_(model[4].bias, 8.0)
    good, bad = (initlab.check(m, (x, t), absolute, prove=True) for m, t in ((helped, y + 8), (harmed, y)))
    assert good.healthy
    assert good.trace.trial is not None
    assert good.trace.trial.handicap <= 0
    (finding,) = bad.warnings
    assert (finding.rule, finding.path, finding.cleared) == ("W078", "4.bias", True)
    assert "4.bias has entries up to 8" in finding.cause


def test_the_model_is_left_bit_for_bit():
    model = net()
    nn.init.constant_(model[4].bias, 8.0)
    before = {name: value.clone() for name, value in model.state_dict().items()}
    fed = batch()
    generator = torch.get_rng_state()
    assert initlab.check(model, fed, absolute).trace.trial is not None
    assert all(torch.equal(before[name], value) for name, value in model.state_dict().items())
    assert torch.equal(generator, torch.get_rng_state())


def test_no_trial_is_run_without_need():
    model = net()
    assert initlab.check(model, batch(), absolute).trace.trial is None
    nn.init.constant_(model[4].bias, 8.0)
    assert initlab.check(model, batch(), absolute, ignore=["W078"]).trace.trial is None
    nn.init.constant_(model[1].weight, 0.1)
    found = initlab.check(model, batch(), absolute)
    assert found.trace.trial is None
    assert {each.rule for each in found.rules if each.state == "not applicable"} >= {"W078"}


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda w: w.mul_(500), "times the gain that its layer calls for"),
        (lambda w: w[: len(w) * 3 // 4].zero_(), "has no weights for half of its units"),
        (lambda w: w[0].mul_(3000), "times as large as the others"),
    ],
)
def test_what_nobody_draws_is_told_whatever_the_trial_says(change, words):
    model = net()
    with torch.no_grad():
        change(model[1].weight)
    found = initlab.check(model, batch(), absolute, prove=True)
    assert [(each.rule, each.path, each.cleared) for each in found.warnings] == [("W078", "1.weight", True)]
    assert words in found.warnings[0].cause


def test_all_layers_may_be_too_small_together():
    torch.manual_seed(0)
    layers = [layer for _ in range(4) for layer in (nn.Linear(32, 32), nn.SELU())]
    model = nn.Sequential(*layers, nn.Linear(32, 1))
    with torch.no_grad():
        for layer in model[::2]:
            layer.weight.div_(6)
    assert len(unusual(trace(model))) == 5


@pytest.mark.parametrize(
    ("trial", "handicap"),
    [
        (Trial(weights=(), steps=5, own=1.0, usual=1.0, start=2.0), 0.0),
        (Trial(weights=(), steps=5, own=2.0, usual=1.0, start=2.0), 1.0),
        (Trial(weights=(), steps=5, own=math.inf, usual=1.0, start=2.0), math.inf),
        (Trial(weights=(), steps=5, own=9.0, usual=2.0, start=2.0), 0.0),
    ],
)
def test_the_handicap_is_the_share_of_progress_that_is_lacking(trial, handicap):
    assert trial.handicap == handicap


def test_the_rule_says_nothing_without_a_trial():
    model = trace(net(), batch(), absolute)
    with pytest.raises(NotApplicable, match="no weight is unusual"):
        RULES["W078"](model)
    assert isinstance(model, Trace)


def test_a_jax_model_is_tried_as_well():
    jax = pytest.importorskip("jax")
    nnx = pytest.importorskip("flax.nnx")

    class Model(nnx.Module):
        def __init__(self):
            rngs = nnx.Rngs(0)
            self.first, self.head = nnx.Linear(16, 64, rngs=rngs), nnx.Linear(64, 1, rngs=rngs)

        def __call__(self, x):
            return self.head(jax.nn.relu(self.first(x)))

    model = Model()
    model.head.bias[...] = model.head.bias[...] + 8.0
    x = jax.random.normal(jax.random.key(0), (64, 16))
    y = jax.random.normal(jax.random.key(1), (64, 1))
    found = initlab.check(model, (x, y), lambda out, target: abs(out - target).mean())
    assert [(each.rule, each.path) for each in found.warnings] == [("W078", "head.bias")]


class Temperature(nn.Module):
    """Cosines times e^t."""

    def __init__(self, t):
        super().__init__()
        torch.manual_seed(0)
        self.left, self.right = nn.Linear(16, 32), nn.Linear(16, 32)
        self.t = nn.Parameter(torch.tensor(t))

    def forward(self, x):
        left, right = (nn.functional.normalize(layer(x), dim=-1) for layer in (self.left, self.right))
        return left @ right.T * self.t.exp()


def pairs(scores, _):
    return nn.functional.softplus(-(2 * torch.eye(len(scores)) - 1) * scores).mean()


@pytest.mark.parametrize(("t", "path"), [(math.log(10.0), None), (10.0, "t")])
def test_a_temperature_that_is_no_logarithm_is_tried(t, path):
    torch.manual_seed(1)
    found = initlab.check(Temperature(t), (torch.randn(64, 16), torch.zeros(64)), pairs)
    assert [each.path for each in found.warnings] == ([path] if path else [])


def test_zero_matrices_constants_and_closed_norms_are_tried():
    for name, change, words in (
        ("1.weight", lambda w: w.zero_(), "is all zero"),
        ("1.weight", lambda w: w.fill_(0.1), "is one number, over and over"),
        ("2.weight", lambda w: w.zero_(), "has mean 0, and 1 is usual"),
    ):
        model = net()
        with torch.no_grad():
            change(model.get_parameter(name))
        assert told(model) == {name: words}
