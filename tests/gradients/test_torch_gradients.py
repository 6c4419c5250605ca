"""torch modules (parameters and inputs), autograd Functions, and the second order."""

import pytest
import torch
from torch import nn

from initlab import UsageError, assert_gradients, gradcheck


class Square(torch.autograd.Function):
    """x² w, with a right backward."""

    @staticmethod
    def forward(ctx, x, w):
        ctx.save_for_backward(x, w)
        return x * x * w

    @staticmethod
    def backward(ctx, g):
        x, w = ctx.saved_tensors
        return 2 * x * w * g, g * x * x


class Ignores(Square):
    @staticmethod
    def backward(ctx, g):
        x, w = ctx.saved_tensors
        return 2 * x * w, g * x * x


class Forgets(Square):
    @staticmethod
    def backward(ctx, g):
        x, w = ctx.saved_tensors
        return 2 * x * w * g, None


class Halves(Square):
    @staticmethod
    def backward(ctx, g):
        x, w = ctx.saved_tensors
        return x * w * g, g * x * x


class Casts(Square):
    @staticmethod
    def backward(ctx, g):
        x, w = ctx.saved_tensors
        return (2 * x.float() * w.float() * g.float()).double(), g * x * x


class Changes(Square):
    @staticmethod
    def backward(ctx, g):
        x, w = ctx.saved_tensors
        return x.data.mul_(2) * w * g, g * x * x


class ChangesTooLate(Square):
    @staticmethod
    def backward(ctx, g):
        x, w = ctx.saved_tensors
        dw = g * x * x
        return x.data.mul_(2) * w * g, dw


class TooFew(Square):
    @staticmethod
    def backward(ctx, g):
        return g


class Detached(nn.Module):
    def __init__(self):
        super().__init__()
        self.first, self.second = nn.Linear(4, 5), nn.Linear(5, 2)

    def forward(self, x):
        return self.second(torch.relu(self.first(x)).detach())


@pytest.fixture(autouse=True)
def seeded():
    with torch.random.fork_rng():
        torch.manual_seed(0)
        yield


def inputs():
    return torch.randn(7), torch.randn(7)


@pytest.mark.parametrize(
    ("function", "block", "text"),
    [
        (Ignores, "x", "does not multiply by grad_output"),
        (Forgets, "w", "no gradient arrives"),
        (Halves, "x", "factor 1/2"),
        (Casts, "x", "computed in single precision"),
        (Changes, "w", "a saved tensor is changed in place before it is used"),
    ],
)
def test_functions(function, block, text):
    report = gradcheck(function, params=inputs())
    assert report.verdict == "WRONG"
    assert [(m.site, m.text) for m in report.mistakes] == [(block, text)]


def test_a_right_function_to_second_order():
    assert assert_gradients(Square, params=inputs()).verdict == "PASS"
    assert assert_gradients(Square, params=inputs(), order=2).verdict == "PASS"


def test_a_change_in_place_after_the_last_use_is_right_once():
    report = gradcheck(ChangesTooLate, params=inputs())
    assert (report.verdict, report.mistakes) == ("STATEFUL", ())
    assert {block.verdict for block in report.blocks} == {"PASS"}


def test_running_means_that_the_forward_pass_changes_are_no_saved_tensors():
    module = nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4), nn.Tanh())
    report = gradcheck(module, data=torch.randn(7, 3, generator=torch.Generator().manual_seed(0)))
    assert report.points[0].gates == ()


class HandedOn(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        return torch.sigmoid(x)

    @staticmethod
    def backward(ctx, g):
        return g


def test_grad_output_handed_on_is_wrong_and_named():
    """It is the same wherever it is asked for, which makes it no gradient of an earlier call."""
    found = gradcheck(HandedOn, params=(torch.linspace(-1, 2, 12).reshape(4, 3),))
    assert (found.verdict, found.mistakes[0].cause) == ("WRONG", "activation_derivative_missing")


def test_a_missing_slot_is_one_line():
    with pytest.raises(UsageError, match="incorrect number of gradients"):
        gradcheck(TooFew, params=inputs())


def test_a_function_needs_inputs():
    with pytest.raises(UsageError, match="must have inputs"):
        gradcheck(Square)


def test_a_module_with_its_inputs_guessed():
    report = gradcheck(nn.Sequential(nn.Linear(6, 8), nn.ReLU(), nn.Linear(8, 3)))
    assert report.verdict == "PASS"
    assert [block.name for block in report.blocks] == ["0.weight", "0.bias", "2.weight", "2.bias", "input"]


def test_the_module_is_left_alone():
    model = nn.Sequential(nn.Linear(4, 3), nn.BatchNorm1d(3))
    before = {name: value.clone() for name, value in model.state_dict().items()}
    report = gradcheck(model, data=torch.randn(5, 4))
    assert all(torch.equal(before[name], value) for name, value in model.state_dict().items())
    assert model[0].weight.dtype == torch.float32
    assert {b.name: b.note for b in report.blocks}["0.bias"].startswith("zero, as it must be")


def test_convolutions_pooling_and_a_loss():
    model = nn.Sequential(nn.Conv2d(2, 4, 3), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(), nn.Linear(36, 3))
    labels = torch.tensor([0, 2, 1])
    report = gradcheck(model, data=torch.randn(3, 2, 8, 8), loss=lambda z: nn.functional.cross_entropy(z, labels))
    assert report.verdict == "PASS"
    assert report.points[0].evaluations <= 200


def test_what_is_detached_is_named():
    report = gradcheck(Detached())
    assert {name for m in report.mistakes for name in m.blocks} == {"first.weight", "first.bias", "input"}
    assert {m.text for m in report.mistakes} == {"no gradient arrives"}


def test_dropout_is_pinned():
    report = gradcheck(nn.Sequential(nn.Linear(4, 6), nn.Dropout(0.5), nn.Linear(6, 2)))
    assert report.verdict == "NONDETERMINISTIC"
    assert report.points[0].gates[0].pinned == "torch's generator"
    assert {block.verdict for block in report.points[0].blocks} == {"PASS"}
