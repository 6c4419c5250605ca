"""What is so on purpose is not accused, and the same by mistake is: copies, standard deviations, frozen parts."""

import pytest
import torch
from torch import nn
from torch.nn import functional

import initlab


def said(model, x, rule):
    torch.manual_seed(1)
    found = initlab.check(model, x, prove=False).findings
    return {(finding.path, finding.severity) for finding in found if finding.rule == rule}


class Noisy(nn.Module):
    """Two layers; the first adds to its mean, or puts out, √(x² softplus(ρ)²), with noise or without."""

    def __init__(self, *, noise):
        super().__init__()
        self.first, self.last = nn.Linear(16, 32), nn.Linear(32, 4)
        self.spread, self.noise = nn.Parameter(torch.full((32, 16), -1.0)), noise

    def forward(self, x):
        spread = functional.linear(x**2, functional.softplus(self.spread) ** 2).sqrt()
        return self.last(torch.relu(self.first(x) + spread * torch.randn(len(x), 32) if self.noise else spread))


@pytest.mark.parametrize(("noise", "expected"), [(True, set()), (False, {("spread", "warning")})])
def test_standard_deviations_that_start_alike_are_no_narrow_layer_unless_they_are_the_signal(noise, expected):
    torch.manual_seed(0)
    assert said(Noisy(noise=noise), torch.randn(32, 16), "W021") == expected


def upscaler(r, channels, *, hidden, shuffle, rank=None):
    """Convolutions whose `up` holds each of its rows r² times, before a pixel shuffle or in its absence."""
    torch.manual_seed(0)
    up = nn.Conv2d(8, channels * r * r, 3, padding=1)
    rows = torch.randn(channels, up.weight[0].numel()) / 8
    rows = rows if rank is None else torch.randn(channels, rank) @ rows[:rank]
    up.weight.data = rows.repeat_interleave(r * r, 0).view_as(up.weight)
    nn.init.zeros_(up.bias)
    parts = {"stem": nn.Conv2d(3, 8, 3, padding=1), "act": nn.ReLU(), "up": up}
    if shuffle:
        parts["shuffle"] = nn.PixelShuffle(r)
    if hidden:
        parts |= {"bend": nn.ReLU(), "tail": nn.Conv2d(channels if shuffle else channels * r * r, 3, 3, padding=1)}
    model = nn.Sequential()
    for name, part in parts.items():
        model.add_module(name, part)
    return model


PICTURES = torch.randn(8, 3, 8, 8, generator=torch.Generator().manual_seed(0))


@pytest.mark.parametrize("hidden", [False, True])
@pytest.mark.parametrize(("r", "channels"), [(2, 1), (2, 3), (3, 2), (4, 8)])
def test_copies_before_a_pixel_shuffle_are_told_and_not_accused(r, channels, hidden):
    model = upscaler(r, channels, hidden=hidden, shuffle=True)
    assert said(model, PICTURES, "W071") == {("up.weight", "info")}
    assert not said(model, PICTURES, "W021")


@pytest.mark.parametrize(("r", "channels"), [(2, 3), (3, 2), (4, 8)])
def test_the_same_copies_in_a_hidden_layer_without_one_are_accused(r, channels):
    model = upscaler(r, channels, hidden=True, shuffle=False)
    assert ("up.weight", "warning") in said(model, PICTURES, "W071") | said(model, PICTURES, "W021")
    nn.init.normal_(model.up.bias)
    assert said(model, PICTURES, "W071") == {("up.weight", "warning")}


def test_copies_before_a_convolution_of_single_channels_are_accused():
    model = upscaler(2, 4, hidden=True, shuffle=False)
    model.up.weight.data = model.up.weight[:1].repeat(16, 1, 1, 1)
    model.tail = nn.Conv2d(16, 16, 3, padding=1, groups=16)
    nn.init.normal_(model.up.bias)
    assert said(model, PICTURES, "W071") == {("up.weight", "warning")}


def test_different_rows_of_low_rank_are_accused_before_a_pixel_shuffle_too():
    assert said(upscaler(2, 8, hidden=True, shuffle=True, rank=2), PICTURES, "W071") == {("up.weight", "warning")}


class Magnitude(nn.Module):
    """A frozen direction with a low-rank part, and a trained length a unit."""

    def __init__(self, base):
        super().__init__()
        self.base = base.requires_grad_(False)
        self.down, self.up = nn.Parameter(torch.randn(2, 32) / 8), nn.Parameter(torch.zeros(32, 2))
        self.length = nn.Parameter(base.weight.norm(dim=1, keepdim=True).clone())

    def forward(self, x):
        w = self.base.weight + self.up @ self.down
        return functional.linear(x, self.length * w / w.norm(dim=1, keepdim=True), self.base.bias)


def trained_in_part(method):
    torch.manual_seed(0)
    first, second = nn.Linear(32, 32), nn.Linear(32, 32)
    model = nn.Sequential(nn.Linear(16, 32), nn.ReLU(), first, nn.ReLU(), second, nn.ReLU(), nn.Linear(32, 4))
    for layer in (first, second, model[0]):
        nn.init.normal_(layer.weight, std=0.3)
    if method == "biases":
        for name, parameter in model.named_parameters():
            parameter.requires_grad_(name.endswith("bias") or name.startswith("6"))
    elif method == "reservoir":
        model[2].weight.requires_grad_(False)
    else:
        model[2] = Magnitude(first)
    return model


@pytest.mark.parametrize(
    ("method", "path"), [("biases", "2.weight"), ("reservoir", "2.weight"), ("magnitude", "2.base.weight")]
)
def test_what_is_frozen_under_trained_parts_is_told_and_not_accused(method, path):
    assert said(trained_in_part(method), torch.randn(32, 16), "W012") == {(path, "info")}


FRESH = {
    "uniform": nn.init.xavier_uniform_,
    "normal": nn.init.kaiming_normal_,
    "trained": lambda weight: nn.init.normal_(weight, std=0.3),
}


def accused(model):
    found = initlab.check(model, torch.randn(32, 16), prove=True).findings
    return {(each.path, each.cleared) for each in found if each.rule == "W012" and each.severity == "warning"}


@pytest.mark.parametrize(
    ("method", "law", "warns"),
    [
        ("reservoir", "uniform", True),
        ("reservoir", "normal", True),
        ("reservoir", "trained", False),
        ("biases", "uniform", True),
        ("biases", "normal", False),
        ("biases", "trained", False),
        ("magnitude", "uniform", False),
    ],
)
def test_a_frozen_matrix_that_is_still_a_fresh_draw_is_accused_where_its_bias_is_trained(method, law, warns):
    model = trained_in_part(method)
    FRESH[law](model[2].base.weight if method == "magnitude" else model[2].weight)
    assert accused(model) == ({("2.weight", True)} if warns else set())
    if warns:
        model[2].bias.requires_grad_(False)
        assert not accused(model)


def test_frozen_kernels_without_biases_are_accused_where_every_gain_is_trained():
    torch.manual_seed(0)
    hidden = nn.Linear(32, 32, bias=False).requires_grad_(False)
    model = nn.Sequential(nn.Linear(16, 32), nn.LayerNorm(32), nn.ReLU(), hidden, nn.ReLU(), nn.Linear(32, 4))
    nn.init.kaiming_normal_(hidden.weight)
    assert accused(model) == {("3.weight", True)}
    model[1].requires_grad_(False)
    assert not accused(model)


class Listed(nn.Module):
    """Hidden layers in whatever holds them."""

    def __init__(self, layers):
        super().__init__()
        self.layers, self.last = layers, nn.Linear(16, 4)

    def forward(self, x):
        for layer in self.layers.values() if hasattr(self.layers, "values") else self.layers:
            x = torch.relu(layer(x))
        return self.last(x)


def two():
    return nn.Linear(16, 16), nn.Linear(16, 16)


@pytest.mark.parametrize(
    ("layers", "path"),
    [(list(two()), "layers[0].weight"), (two(), "layers[0].weight"), ({"a": two()[0]}, "layers['a'].weight")],
)
def test_layers_that_no_module_has_are_named_and_registered(layers, path):
    found = initlab.check(Listed(layers), torch.randn(32, 16), prove=True).findings
    first = next(finding for finding in found if finding.rule == "W012")
    assert (first.path, first.severity, first.cleared) == (path, "warning", True)


def test_layers_that_a_module_has_a_hidden_teacher_and_frozen_ones_are_left_alone():
    plain, modules = list(two()), nn.ModuleList(two())
    for layer in plain:
        layer.requires_grad_(False)
    twice = Listed(modules)
    twice.same = list(modules)
    twice.teacher = [Listed(nn.ModuleList(two()))]
    for model in (Listed(modules), Listed(plain), twice):
        assert not said(model, torch.randn(32, 16), "W012")


def test_the_statistics_of_layers_that_no_module_has_are_left_as_they_were():
    norm = nn.BatchNorm1d(16)
    initlab.check(Listed([nn.Linear(16, 16), norm]), torch.randn(32, 16))
    assert not norm.running_mean.any()
    assert norm.num_batches_tracked == 0


def test_the_slope_of_a_prelu_is_followed():
    torch.manual_seed(0)
    assert not said(nn.Sequential(nn.Linear(16, 32), nn.PReLU(), nn.Linear(32, 4)), torch.randn(32, 16), "W090")


def test_a_model_that_has_none_of_its_weights_is_told_why():
    model = Listed(list(two()))
    del model.last
    with pytest.raises(initlab.InitlabError, match="layers is a plain list"):
        initlab.check(model, torch.randn(32, 16))


def classes(last, loss, y=None):
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(16, 32), nn.ReLU(), nn.Linear(32, 4), *last)
    y = torch.arange(32) % 4 if y is None else y
    found = initlab.check(model, (torch.randn(32, 16), y), loss, prove=True).findings
    return [(each.path, round(each.measured, 3), each.cleared) for each in found if each.rule == "W053"]


HALF = (torch.arange(128).reshape(32, 4) % 2).float()


@pytest.mark.parametrize(
    ("last", "loss", "y", "found"),
    [
        ([nn.Softmax(-1)], functional.cross_entropy, None, [("3", 0.744, True)]),
        ([nn.Softmax(-1), nn.Flatten()], "cross_entropy", None, [("3", 0.744, True)]),
        ([nn.Sigmoid()], functional.cross_entropy, None, [("3", 0.744, True)]),
        ([nn.Sigmoid()], functional.binary_cross_entropy_with_logits, HALF, [("3", 0.503, True)]),
        ([nn.Softmax(-1)], lambda p, y: functional.nll_loss(p.log(), y), None, []),
        ([nn.LogSoftmax(-1)], functional.cross_entropy, None, []),
        ([nn.Softmax(0)], functional.cross_entropy, None, []),
        ([nn.Softmax(-1)], lambda p, y: functional.cross_entropy(20 * p, y), None, []),
        ([nn.Softmax(-1)], None, None, []),
        ([nn.Sigmoid()], "bce", HALF, []),
        ([nn.Tanh()], functional.cross_entropy, None, []),
        ([], lambda z, y: functional.cross_entropy(z, z.detach().softmax(-1)), None, []),
    ],
)
def test_probabilities_are_no_logits(last, loss, y, found):
    assert classes(last, loss, y) == found


class Routed(nn.Module):
    """A mixture of experts, weighted by a softmax."""

    def __init__(self):
        super().__init__()
        self.experts, self.router = nn.ModuleList(nn.Linear(16, 4) for _ in range(6)), nn.Linear(16, 6)

    def forward(self, x):
        weights = self.router(x).softmax(-1)
        return sum(weights[:, n : n + 1] * expert(x) for n, expert in enumerate(self.experts))


def stacked(*between, width=64):
    layers = [each for act in between for each in (nn.Linear(width, width), act)]
    return nn.Sequential(nn.Linear(16, width), nn.ReLU(), *layers, nn.Linear(width, 4))


@pytest.mark.parametrize(
    ("model", "found"),
    [
        (lambda: stacked(nn.Softmax(-1), nn.Softmax(-1)), {("4", "warning")}),
        (lambda: stacked(nn.Softmax(-1), nn.ReLU(), nn.Softmax(-1)), {("4", "warning")}),
        (lambda: stacked(nn.ReLU(), nn.Softmax(-1)), {("6", "info")}),
        (lambda: stacked(nn.ReLU(), nn.Sigmoid()), set()),
        (lambda: nn.Sequential(nn.Linear(16, 64), nn.Softmax(-1)), set()),
        (Routed, set()),
    ],
)
def test_a_softmax_between_layers_is_told_and_two_are_a_mistake(model, found):
    torch.manual_seed(0)
    built = model()
    assert said(built, torch.randn(32, 16), "W041") == found


@pytest.mark.parametrize("norm", [nn.utils.spectral_norm, nn.utils.parametrizations.spectral_norm])
def test_the_power_iteration_of_a_spectral_norm_is_no_blind_spot(norm):
    model = nn.Sequential(norm(nn.Linear(16, 32)), nn.LeakyReLU(0.2), norm(nn.Linear(32, 4)))
    assert not said(model, torch.randn(32, 16), "W090")


class NoisyHead(nn.Module):
    """A layer of NoisyNet: μ + σ ε, with σ one number everywhere (Fortunato et al., 2018)."""

    def __init__(self):
        super().__init__()
        self.stem, self.mean = nn.Linear(16, 32), nn.Parameter(torch.randn(16, 32) / 32**0.5)
        self.deviation, self.last = nn.Parameter(torch.full((16, 32), 0.5 / 32**0.5)), nn.Linear(16, 4)

    def forward(self, x):
        weight = self.mean + self.deviation * torch.randn(16, 32)
        return self.last(torch.relu(functional.linear(torch.relu(self.stem(x)), weight)))


class Monotone(nn.Module):
    """Weights that a softplus makes positive, drawn around -2."""

    def __init__(self):
        super().__init__()
        self.raw, self.last = nn.Parameter(torch.randn(32, 16) * 0.5 - 2.0), nn.Linear(32, 4)

    def forward(self, x):
        return self.last(torch.tanh(functional.linear(x, functional.softplus(self.raw))))


class Spiking(nn.Module):
    """A step forwards, and a steep sigmoid backwards (Neftci et al., 2019)."""

    def __init__(self):
        super().__init__()
        self.first, self.last = nn.Linear(16, 64), nn.Linear(64, 4)

    def forward(self, x):
        over = self.first(x) - 1.0
        smooth = torch.sigmoid(8.0 * over)
        return self.last(smooth + ((over > 0).float() - smooth).detach())


class Carried(nn.Module):
    """A recurrence from a state of zeros, each step normalised."""

    def __init__(self):
        super().__init__()
        self.feed, self.carry = nn.Linear(16, 32), nn.Linear(32, 32, bias=False)
        self.norm, self.last = nn.LayerNorm(32), nn.Linear(32, 4)

    def forward(self, x):
        state = x.new_zeros(len(x), 32)
        for _ in range(3):
            state = torch.tanh(self.feed(x) + self.norm(self.carry(state)))
        return self.last(state)


class ShutScore(nn.Module):
    """Two scores added, one of them drawn at zero (Long et al., 2015)."""

    def __init__(self):
        super().__init__()
        self.stem, self.more = nn.Conv2d(3, 8, 3, padding=1), nn.Conv2d(8, 8, 3, padding=1)
        self.far, self.near = nn.Conv2d(8, 1, 1), nn.Conv2d(8, 1, 1)
        nn.init.zeros_(self.near.weight)

    def forward(self, x):
        h = torch.relu(self.stem(x))
        return self.far(torch.relu(self.more(h))) + self.near(h)


def open_memory():
    """An LSTM whose forget biases are logarithms of spans up to 1000 steps (Tallec, Ollivier, 2018)."""
    model = nn.LSTM(16, 32, batch_first=True)
    with torch.no_grad():
        model.bias_hh_l0.zero_()
        model.bias_hh_l0[32:64] = torch.linspace(1, 999, 32).log()
        model.bias_hh_l0[:32] = -model.bias_hh_l0[32:64]
    return model


@pytest.mark.parametrize(
    ("build", "shape"),
    [
        (NoisyHead, (64, 16)),
        (Monotone, (64, 16)),
        (Spiking, (64, 16)),
        (Carried, (64, 16)),
        (ShutScore, (8, 3, 8, 8)),
        (open_memory, (16, 12, 16)),
    ],
)
def test_inventions_are_left_alone(build, shape):
    torch.manual_seed(0)
    model, x = build(), torch.randn(shape)
    found = initlab.check(model, x)
    assert [(each.rule, each.path) for each in found.findings if each.counts] == []
