"""Methods that look at a batch: what they promise holds, nothing else is touched, and a mistake in either is found."""

import pytest
import torch
from torch import nn

import initlab
import initlab.torch
from initlab.errors import SpecError

WEIGHT_NORM = torch.nn.utils.parametrizations.weight_norm


def network(wrap=lambda layer: layer):
    return nn.Sequential(
        wrap(nn.Conv2d(3, 16, 3, padding=1)),
        nn.BatchNorm2d(16),
        nn.ReLU(),
        nn.Dropout(0.5),
        wrap(nn.Conv2d(16, 32, 3, stride=2)),
        nn.ReLU(),
        nn.Flatten(),
        wrap(nn.Linear(32 * 9, 10)),
    )


def batch():
    return torch.randn(64, 3, 8, 8, generator=torch.Generator().manual_seed(0))


def outputs(model):
    """The outputs of the layers with weights, in evaluation mode."""
    x, found = batch(), []
    with torch.no_grad():
        for layer in model.eval():
            x = layer(x)
            if isinstance(layer, nn.Conv2d | nn.Linear):
                found.append(x)
    return found


def test_lsuv_gives_every_layer_an_output_of_variance_one():
    model = initlab.torch.init_(network(), "lsuv", seed=0, batch=batch())
    for output in outputs(model):
        assert output.var().item() == pytest.approx(1, abs=0.02)


@pytest.mark.parametrize("wrap", [lambda layer: layer, WEIGHT_NORM], ids=["plain", "weight-norm"])
def test_weight_norm_gives_every_channel_mean_zero_and_spread_one(wrap):
    model = initlab.torch.init_(network(wrap), "weight-norm", seed=0, batch=batch())
    for output in outputs(model):
        axes = (0, 2, 3) if output.ndim == 4 else (0,)
        assert torch.allclose(output.mean(axes), torch.zeros(1), atol=1e-5)
        assert torch.allclose(output.std(axes, correction=0), torch.ones(1), atol=1e-4)


def test_krahenbuhl_lets_all_layers_learn_at_one_rate():
    model = initlab.torch.init_(network(), "krahenbuhl", seed=0, batch=batch())
    found = initlab.verify(model, "krahenbuhl", seed=0, batch=batch())
    assert found.holds, str(found)
    assert found.tests == 3


@pytest.mark.parametrize("policy", ["lsuv", "krahenbuhl", "weight-norm"])
def test_mode_buffers_gradients_and_the_generator_stay(policy):
    model, state = network(), torch.get_rng_state()
    before = {name: tensor.clone() for name, tensor in model.named_buffers()}
    initlab.torch.init_(model, policy, seed=0, batch=batch())
    assert model.training
    assert torch.equal(torch.get_rng_state(), state)
    assert all(torch.equal(tensor, before[name]) for name, tensor in model.named_buffers())
    assert all(tensor.grad is None and tensor.requires_grad for tensor in model.parameters())


@pytest.mark.parametrize("policy", ["lsuv", "krahenbuhl", "weight-norm"])
def test_verify_holds_and_finds_a_layer_that_was_not_rescaled_or_not_drawn(policy):
    model = initlab.torch.init_(network(), policy, seed=3, batch=batch())
    assert initlab.verify(model, policy, seed=3, batch=batch()).holds
    assert [each.kind for each in initlab.verify(model, policy, seed=4, batch=batch()).findings] == ["numbers"] * 3
    with torch.no_grad():
        model[4].weight.mul_(3)
    found = initlab.verify(model, policy, seed=3, batch=batch())
    assert "4.weight" in [each.name for each in found.findings]
    assert {each.kind for each in found.findings} == {"output"}


@pytest.mark.parametrize(
    ("policy", "data", "message"),
    [
        ("lsuv", None, "must have a batch of data"),
        ("he", torch.zeros(1), "must be given no batch"),
        ("lsuv", torch.zeros(2, 5), "must be one that the model takes"),
    ],
)
def test_a_batch_that_is_missing_or_wrong_is_said_before_anything_is_drawn(policy, data, message):
    model = network()
    before = model[0].weight.detach().clone()
    with pytest.raises(SpecError, match=message):
        initlab.torch.init_(model, policy, batch=data)
    assert torch.equal(model[0].weight, before)


def test_numpy_has_no_forward_pass_to_look_at():
    import numpy as np

    with pytest.raises(SpecError, match="must have a torch model, got numpy"):
        initlab.init({"W1": np.zeros((4, 3))}, "lsuv", batch=np.zeros(3))
