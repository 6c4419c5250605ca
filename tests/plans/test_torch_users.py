"""initlab where torch users are: one line for a model, a function a scheme, transformers, Lightning, FSDP2."""

import inspect

import pytest
import torch
from torch import nn

import initlab
import initlab.torch
from initlab.errors import SpecError, UnknownNameError
from initlab.laws import Normal
from initlab.parameters import Fan
from initlab.schemes import SCHEMES
from initlab.streams import sample


def mlp(dtype=torch.float32, device="cpu"):
    with torch.device(device):
        return nn.Sequential(nn.Linear(20, 64), nn.ReLU(), nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 3)).to(dtype)


def equal(one, other):
    theirs = other.state_dict()
    return all(torch.equal(tensor, theirs[name]) for name, tensor in one.state_dict().items())


def test_one_line_draws_a_model_in_place_and_touches_nothing_else():
    model, state = mlp(), torch.get_rng_state()
    model[0].weight.requires_grad_(False)
    frozen, places = model[0].weight.clone(), [tensor.data_ptr() for tensor in model.parameters()]
    assert initlab.torch.init_(model, "auto", seed=3) is model
    assert torch.equal(model[0].weight, frozen)
    assert not model[0].weight.requires_grad
    assert model[2].weight.requires_grad
    assert model[2].weight.grad is None
    assert [tensor.data_ptr() for tensor in model.parameters()] == places
    assert torch.equal(torch.get_rng_state(), state)


def test_the_numbers_are_those_of_the_streams_in_every_wrapper():
    model = initlab.torch.init_(mlp(), "xavier", seed=1)
    std = (2 / (20 + 64)) ** 0.5
    expected = sample(Normal(std=std), name="0.weight", seed=1, shape=(64, 20), dtype="float32")
    assert (model[0].weight.detach().numpy() == expected).all()
    wrapped = initlab.torch.init_(nn.DataParallel(mlp()), "xavier", seed=1).module
    assert equal(wrapped, model)


@pytest.mark.parametrize("name", list(SCHEMES))
def test_every_scheme_is_a_function_in_the_manner_of_torch(name):
    function = getattr(initlab.torch, f"{name}_")
    parameters = inspect.signature(function).parameters
    assert list(parameters)[:4] == ["tensor", "seed", "name", "fan"]
    assert set(SCHEMES[name].options) < parameters.keys()
    assert SCHEMES[name].documentation.summary in function.__doc__
    assert f"{name}_" in dir(initlab.torch)
    facts = {"layer": 1, "depth": 4, "width": 48, "role": "weight"}
    given = {fact: value for fact, value in facts.items() if fact in parameters}
    given |= {option: 5 for option, kind in SCHEMES[name].kinds.items() if kind.required}
    tensor = torch.full((64, 48), torch.nan)
    assert function(tensor, seed=0, name="fc.weight", **given) is tensor
    assert torch.isfinite(tensor).all()


def test_a_function_takes_fans_options_and_says_what_is_wrong():
    kernel = torch.empty(64, 1, 3, 3)
    fan = Fan(inputs=64, outputs=64, taps=9, groups=64)
    initlab.torch.he_normal_(kernel, seed=0, name="conv.weight", fan=fan, gain=2.0)
    assert kernel.std().item() == pytest.approx(2 * (2 / 9) ** 0.5, rel=0.15)
    assert not initlab.torch.zeros_(torch.ones(3), seed=0, name="bias").any()
    with pytest.raises(SpecError, match="must have at least 2 axes"):
        initlab.torch.he_normal_(torch.empty(3), seed=0, name="b")
    with pytest.raises(UnknownNameError, match="Did you mean 'gain'"):
        initlab.torch.he_normal_(torch.empty(3, 2), seed=0, name="w", gian=2)
    with pytest.raises(SpecError, match="name of he_normal_ must be given"):
        initlab.torch.he_normal_(torch.empty(3, 2), seed=0)
    with pytest.raises(AttributeError, match="no attribute 'he_nromal_'"):
        _ = initlab.torch.he_nromal_


@pytest.fixture
def gpt2(monkeypatch):
    from transformers import GPT2Config, GPT2LMHeadModel, GPT2PreTrainedModel

    monkeypatch.setattr(GPT2PreTrainedModel, "_init_weights", initlab.torch.init_weights("gpt2", seed=4))
    size = {"n_layer": 3, "n_embd": 32, "n_head": 2, "vocab_size": 50, "n_positions": 16}
    return lambda: GPT2LMHeadModel(GPT2Config(**size, bos_token_id=0, eos_token_id=0))


def test_transformers_draws_through_its_own_hook(gpt2):
    model, state = gpt2(), torch.get_rng_state()
    assert equal(model, gpt2())
    assert initlab.verify(model, "gpt2", seed=4).holds
    assert model.lm_head.weight is model.transformer.wte.weight
    assert state.shape == torch.get_rng_state().shape


def test_transformers_keeps_what_a_checkpoint_holds(gpt2, tmp_path):
    import safetensors.torch

    saved = gpt2()
    with torch.no_grad():
        for tensor in saved.parameters():
            tensor.mul_(2)
    saved.save_pretrained(tmp_path)
    file = tmp_path / "model.safetensors"
    tensors = safetensors.torch.load_file(file)
    missing = "transformer.h.1.mlp.c_fc.weight"
    del tensors[missing]
    safetensors.torch.save_file(tensors, file, metadata={"format": "pt"})
    loaded = type(saved).from_pretrained(tmp_path).state_dict()
    drawn = gpt2().state_dict()
    for name, tensor in saved.state_dict().items():
        assert torch.equal(loaded[name], drawn[name] if name == missing else tensor), name


@pytest.mark.filterwarnings("ignore")  # Lightning's own, of torch's pytrees and of workers
def test_lightning_draws_when_fitting_starts(tmp_path):
    from lightning.pytorch import LightningModule, Trainer

    class Module(LightningModule):
        def __init__(self):
            super().__init__()
            self.net = mlp()

        def training_step(self, batch, index):
            self.drawn = initlab.verify(self, "he", seed=2).holds if index == 0 else self.drawn
            return self.net(batch).square().mean()

        def configure_optimizers(self):
            return torch.optim.SGD(self.parameters(), lr=0.1)

    data = torch.utils.data.DataLoader(torch.ones(4, 20), num_workers=0)
    quiet = {
        "logger": False,
        "enable_checkpointing": False,
        "enable_progress_bar": False,
        "enable_model_summary": False,
    }
    trainer = Trainer(
        max_steps=2, accelerator="cpu", callbacks=[initlab.torch.Initialize("he", seed=2)],
        default_root_dir=tmp_path, **quiet,
    )  # fmt: skip
    module = Module()
    trainer.fit(module, data)
    assert module.drawn


class Normalised(nn.Module):
    def __init__(self):
        super().__init__()
        self.embed = nn.Embedding(20, 8, padding_idx=2)
        self.conv = nn.Conv1d(8, 8, 3)
        self.norm = nn.BatchNorm1d(8)
        self.head = nn.Linear(8, 20)
        self.head.weight = self.embed.weight

    def forward(self, tokens):
        return self.head(self.norm(self.conv(self.embed(tokens).transpose(1, 2))).mean(2))


def test_a_model_on_meta_gets_memory_the_same_numbers_and_a_padding_row_of_zeros():
    with torch.device("meta"):
        bare = Normalised()
    drawn = initlab.torch.init_(bare, "he", seed=5)
    assert equal(drawn, initlab.torch.init_(Normalised(), "he", seed=5))
    assert drawn.head.weight is drawn.embed.weight
    assert not drawn.embed.weight[2].any()
    assert torch.isfinite(drawn(torch.ones(2, 9, dtype=torch.long))).all()


def test_a_buffer_on_meta_that_only_the_model_can_compute_is_refused_before_anything_is_made():
    model = mlp(device="meta")
    model.register_buffer("table", torch.arange(3, device="meta"))
    with pytest.raises(SpecError, match="The buffer table must have values"):
        initlab.torch.init_(model, "he")
    assert model[0].weight.is_meta


def test_sharded_tensors_of_fsdp2_draw_their_own_part(tmp_path):
    """Built on meta, sharded, given memory, which is the order of torchtitan: the numbers of one never sharded."""
    import torch.distributed as dist
    from torch.distributed.fsdp import fully_shard

    dist.init_process_group("gloo", init_method=f"file://{tmp_path / 'ranks'}", rank=0, world_size=1)
    try:
        mesh = dist.init_device_mesh("cpu", (1,))
        model = mlp(device="meta")
        for layer in (*model[::2], model):
            fully_shard(layer, mesh=mesh)
        model.to_empty(device="cpu")
        initlab.torch.init_(model, "he", seed=6)
        assert initlab.verify(model, "he", seed=6).holds
        whole = initlab.torch.init_(mlp(), "he", seed=6)
        for name, tensor in model.named_parameters():
            assert torch.equal(tensor.full_tensor(), whole.state_dict()[name])
    finally:
        dist.destroy_process_group()
