"""torch's own layers in neutral terms: fans, blocks, and what a fill writes and leaves alone."""

import numpy as np
import pytest

import initlab

torch = pytest.importorskip("torch")
from torch import nn  # noqa: E402

from initlab.adapters import adapter_of  # noqa: E402
from initlab.errors import SpecError, UnknownNameError  # noqa: E402
from initlab.laws import Constant, Normal, Orthogonal  # noqa: E402
from initlab.streams import sample  # noqa: E402


def read(model):
    return {each.name: each for each in adapter_of(model).parameters(model)}


LAYERS = [
    (nn.Linear(6, 4), {"weight": (6, 4)}),
    (nn.Conv2d(8, 16, 3), {"weight": (72, 144)}),
    (nn.Conv2d(8, 16, 3, groups=8), {"weight": (9, 18)}),
    (nn.Conv2d(8, 16, 4, stride=2), {"weight": (128, 64)}),
    (nn.Conv1d(8, 16, 5, stride=2), {"weight": (40, 40)}),
    (nn.ConvTranspose2d(64, 16, 4, stride=2), {"weight": (256, 256)}),
    (nn.ConvTranspose1d(8, 16, 3, groups=4), {"weight": (6, 12)}),
    (nn.Bilinear(3, 5, 7), {"weight": (15, 7)}),
    (nn.MultiheadAttention(8, 2), {f"in_proj_weight[{role}]": (8, 8) for role in ("query", "key", "value")}),
    (nn.MultiheadAttention(8, 2, kdim=4, vdim=6), {"k_proj_weight": (4, 8), "v_proj_weight": (6, 8)}),
    (nn.LSTM(5, 3), {"weight_ih_l0[forget]": (5, 3), "weight_hh_l0[cell]": (3, 3)}),
    (nn.LSTM(5, 4, proj_size=2), {"weight_hh_l0[input]": (2, 4), "weight_hr_l0": (4, 2)}),
    (nn.GRU(5, 3, bidirectional=True), {"weight_ih_l0_reverse[update]": (5, 3), "weight_hh_l0[cell]": (3, 3)}),
    (nn.RNN(5, 3, num_layers=2), {"weight_ih_l1": (3, 3), "weight_hh_l0": (3, 3)}),
    (nn.LSTMCell(5, 3), {"weight_ih[output]": (5, 3)}),
]


@pytest.mark.parametrize(("layer", "fans"), LAYERS, ids=lambda value: str(value)[:40])
def test_the_fans_of_a_layer(layer, fans):
    found = read(layer)
    for name, (fan_in, fan_out) in fans.items():
        assert (found[name].fan.fan_in, found[name].fan.fan_out) == (fan_in, fan_out)


@pytest.mark.parametrize(("layer", "fans"), LAYERS, ids=lambda value: str(value)[:40])
def test_a_kernel_drawn_with_variance_one_over_fan_in_holds_what_its_parameter_says(layer, fans):
    """Every block lies where its values are read, in canonical order, and nothing else is written."""
    adapter = adapter_of(layer)
    for parameter in adapter.parameters(layer):
        before = {key: value.clone() for key, value in layer.state_dict().items()}
        adapter.fill(layer, {parameter.name: Normal(std=1.0)}, seed=1)
        drawn = sample(Normal(std=1.0), name=parameter.name, seed=1, shape=parameter.shape, dtype="float32")
        assert np.array_equal(adapter.values(layer, parameter), drawn)
        changed = sum(int((before[key] != value).sum()) for key, value in layer.state_dict().items())
        assert changed == parameter.size


def test_a_transposed_convolution_keeps_the_variance_of_its_input():
    """fan_in = in/groups·taps/stride: the mean square of the output is that of the input, edges aside (20%: 1 seed)."""
    layer = nn.ConvTranspose2d(64, 16, 4, stride=2, groups=2, bias=False)
    fan = read(layer)["weight"].fan
    adapter_of(layer).fill(layer, {"weight": Normal(std=fan.fan_in**-0.5)}, seed=0)
    given = torch.from_numpy(sample(Normal(std=1.0), name="x", seed=0, shape=(4, 64, 16, 16), dtype="float32"))
    assert layer(given)[..., 4:-4, 4:-4].square().mean().item() == pytest.approx(1, rel=0.2)


def test_an_orthogonal_block_is_orthogonal():
    layer = nn.LSTM(5, 3)
    adapter_of(layer).fill(layer, {"weight_hh_l0[forget]": Orthogonal(rows=3, columns=3)}, seed=0)
    block = layer.weight_hh_l0[3:6].detach()
    assert torch.allclose(block @ block.T, torch.eye(3), atol=1e-6)


@pytest.mark.parametrize("row", [0, 3, 6])
def test_the_padding_row_keeps_what_it_holds(row):
    table = nn.Embedding(7, 4, padding_idx=row)
    whole = nn.Embedding(7, 4)
    for each in (table, whole):
        adapter_of(each).fill(each, {"weight": Normal(std=1.0)}, seed=0)
    assert read(table)["weight"].padding == row
    assert not table.weight[row].any()
    others = [k for k in range(7) if k != row]
    assert torch.equal(table.weight[others], whole.weight[others])


def test_tied_tensors_are_one_parameter():
    model = nn.Sequential()
    model.embed, model.head = nn.Embedding(7, 4), nn.Linear(4, 7, bias=False)
    model.head.weight = model.embed.weight
    assert read(model)["embed.weight"].tied_to == ("head.weight",)
    model.head.weight = nn.Parameter(model.embed.weight.detach())
    assert read(model)["embed.weight"].tied_to == ("head.weight",)
    assert "head.weight" not in read(model)


@pytest.mark.filterwarnings("ignore:.torch.jit")  # raised by torch itself while torch.compile loads
def test_names_do_not_say_how_a_model_is_wrapped():
    plain = nn.Sequential(nn.Linear(3, 4), nn.ReLU(), nn.Linear(4, 2))
    names = list(read(plain))
    compiled, parallel = torch.compile(plain), nn.DataParallel(plain)
    assert list(read(compiled)) == names
    assert list(read(parallel)) == names
    assert list(read(nn.DataParallel(torch.compile(plain)))) == names


def test_a_fill_leaves_the_state_of_torch_and_of_what_it_does_not_name_alone():
    model = nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4))
    model[0].bias.requires_grad_(False)
    before = {key: value.clone() for key, value in model.state_dict().items()}
    state, address = torch.get_rng_state(), model[0].weight.data_ptr()
    adapter_of(model).fill(model, {"0.weight": Normal(std=1.0)}, seed=0)
    assert torch.equal(torch.get_rng_state(), state)
    assert model[0].weight.data_ptr() == address
    assert [parameter.requires_grad for parameter in model.parameters()] == [True, False, True, True]
    assert [key for key, value in model.state_dict().items() if not torch.equal(before[key], value)] == ["0.weight"]


def test_autograd_sees_the_change():
    layer = nn.MultiheadAttention(4, 1)
    product = (layer.in_proj_weight**2).sum()
    adapter_of(layer).fill(layer, {"in_proj_weight[key]": Normal(std=1.0)}, seed=0)
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        product.backward()


def test_nothing_is_written_when_one_law_does_not_fit():
    model = nn.Sequential(nn.Linear(3, 4), nn.Linear(4, 2))
    before = model[0].weight.detach().clone()
    for bad in ({"1.weight": Orthogonal(rows=3, columns=3)}, {"1.weight": Normal(std=1e39)}):
        with pytest.raises(SpecError):
            adapter_of(model).fill(model, {"0.weight": Normal(std=1.0), **bad}, seed=0)
    with pytest.raises(UnknownNameError, match=r"1\.weight"):
        adapter_of(model).fill(model, {"0.weight": Normal(std=1.0), "1.wieght": Constant(value=0.0)}, seed=0)
    assert torch.equal(model[0].weight, before)


def test_a_model_on_meta_gets_memory_and_the_numbers_of_its_twin_on_the_cpu():
    def build():
        model = nn.Sequential(nn.Embedding(9, 4, padding_idx=2), nn.Linear(4, 4), nn.BatchNorm1d(4), nn.PReLU())
        model.append(nn.Linear(4, 9, bias=False))
        model[4].weight = model[0].weight
        return model

    real = build()
    with torch.device("meta"):
        meta = build()
    parameters = adapter_of(meta).parameters(meta)
    laws = {each.name: Normal(std=0.1) for each in parameters if each.role != "special"}
    assert adapter_of(meta).values(meta, parameters[0]) is None
    state = torch.get_rng_state()
    adapter = adapter_of(meta)
    adapter.fill(meta, laws, seed=4)
    adapter_of(real).fill(real, laws, seed=4)
    assert torch.equal(torch.get_rng_state(), state)
    assert meta[4].weight is meta[0].weight
    kept = real.state_dict()
    kept["0.weight"][2] = kept["4.weight"][2] = 0
    assert {key: value.tolist() for key, value in meta.state_dict().items()} == {
        key: value.tolist() for key, value in kept.items()
    }
    assert adapter.parameters(meta)[0].device == "cpu"


def test_a_buffer_on_meta_that_cannot_be_made_again_is_refused_before_anything_is_changed():
    class Lost(nn.Module):
        def __init__(self):
            super().__init__()
            self.fc = nn.Linear(3, 3)
            self.register_buffer("angles", torch.arange(3.0), persistent=False)

        def forward(self, x):
            return self.fc(x) * self.angles

    with torch.device("meta"):
        model = Lost()
    with pytest.raises(SpecError, match=r"buffer angles must have values.*reset_parameters"):
        adapter_of(model).fill(model, {"fc.weight": Normal(std=1.0)}, seed=0)
    assert model.fc.weight.is_meta


def test_an_interrupt_waits_until_the_model_is_whole(monkeypatch):
    import signal

    from initlab.adapters.torch import fill

    model = nn.Sequential(nn.Linear(3, 4), nn.Linear(4, 2))
    drawn = fill.fill_small

    def interrupted(*args, **named):
        signal.raise_signal(signal.SIGINT)
        drawn(*args, **named)

    monkeypatch.setattr(fill, "fill_small", interrupted)
    laws = {each.name: Constant(value=2.0) for each in adapter_of(model).parameters(model)}
    with pytest.raises(KeyboardInterrupt):
        adapter_of(model).fill(model, laws, seed=0)
    assert all(bool((each == 2).all()) for each in model.parameters())


class _Residual(nn.Module):
    """One branch a block, as in a plain ResNet; or two, as in a transformer."""

    def __init__(self, branches):
        super().__init__()
        self.branches = nn.ModuleList(nn.Sequential(nn.Linear(8, 8), nn.ReLU(), nn.Linear(8, 8)) for _ in branches)

    def forward(self, x):
        for branch in self.branches:
            x = x + branch(x)
        return x


@pytest.mark.parametrize("a_block", [1, 2, 3])
def test_branches_count_additions_and_not_blocks(a_block):
    model = nn.Sequential(nn.Linear(3, 8), *(_Residual(range(a_block)) for _ in range(4)), nn.Linear(8, 2))
    outs = [each for each in adapter_of(model).parameters(model) if each.role == "residual_out"]
    assert {each.branches for each in outs} == {4 * a_block}
    laws = initlab.plan(model, "auto").laws
    assert all(laws[each.name].std == pytest.approx(1 / (8 * 4 * a_block) ** 0.5) for each in outs)


def test_small_tensors_drawn_at_once_hold_the_numbers_of_one_drawn_alone():
    model = nn.Sequential(nn.Linear(30, 20), nn.Embedding(9, 4, padding_idx=2), nn.Linear(200, 200)).to(torch.bfloat16)
    laws = {each.name: Normal(std=0.5) for each in adapter_of(model).parameters(model)}
    kept = model[1].weight[2].clone()
    adapter_of(model).fill(model, laws, seed=3)
    assert (model[1].weight[2] == kept).all()
    for name, tensor in model.named_parameters():
        drawn = sample(laws[name], name=name, seed=3, shape=tuple(tensor.shape), dtype="bfloat16")
        held = tensor.detach()
        alone = torch.from_numpy(drawn.astype(np.float32)).to(torch.bfloat16)
        rows = [row for row in range(len(held)) if name != "1.weight" or row != 2]
        assert (held[rows] == alone[rows]).all(), name


def test_a_model_that_does_not_run_says_so_in_its_plan():
    class Odd(nn.Module):
        def __init__(self):
            super().__init__()
            self.fc = nn.Linear(3, 3)

        def forward(self, x, how):
            return self.fc(x) if how["sure"] else x

    found = initlab.plan(Odd())
    assert found.note
    assert "names and shapes alone" in str(found).replace("\n", " ")
    assert found.note in found._repr_html_().replace("&#x27;", "'")
    assert initlab.plan(nn.Linear(3, 3)).note == ""
