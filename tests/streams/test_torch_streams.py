"""torch tensors hold the same bits as `sample`, whatever their strides, dtype and owner."""

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from initlab.errors import SpecError  # noqa: E402
from initlab.laws import Constant, CopiedRows, LogUniform, Normal, Orthogonal, Sparse, TruncatedNormal, Uniform  # noqa: E402
from initlab.streams import sample  # noqa: E402
from initlab.streams.torch import fill_, fill_module, parameter_name  # noqa: E402

LAWS = [
    Normal(std=0.02),
    Normal(std=0.1, mean=1.0),
    Uniform(bound=0.1),
    TruncatedNormal(scale=0.02),
    Constant(value=0.1),
    LogUniform(low=1.0, high=2.0),
    CopiedRows(row=Normal(std=1.0)),
    Orthogonal(rows=20, columns=30),
    Sparse(rows=20, columns=30, zeros=3),
]
DTYPES = ["float64", "float32", "bfloat16", "float16"]


def bits(tensor):
    kind = {2: torch.int16, 4: torch.int32, 8: torch.int64}[tensor.element_size()]
    return tensor.detach().contiguous().view(kind).numpy()


def expected(law, dtype, shape=(20, 30), **other):
    drawn = sample(law, name="w", seed=2, shape=shape, dtype=dtype, **other)
    return drawn.view(f"i{drawn.itemsize}")


@pytest.mark.parametrize("law", LAWS, ids=str)
@pytest.mark.parametrize("dtype", DTYPES)
def test_any_strides_in_place(law, dtype):
    kind = getattr(torch, dtype)
    store = torch.zeros(30, 2, 20, dtype=kind)
    for tensor in (torch.empty(20, 30, dtype=kind), store[:, 1].T, torch.empty(40, 30, dtype=kind)[::2]):
        address = tensor.data_ptr()
        assert fill_(tensor, law, name="w", seed=2) is tensor
        assert tensor.data_ptr() == address
        assert np.array_equal(bits(tensor), expected(law, dtype))
    assert not store[:, 0].any()


def test_held_transposed():
    held = fill_(torch.empty(30, 20), Orthogonal(rows=20, columns=30), name="w", seed=2, axes=(1, 0))
    assert np.array_equal(bits(held.T), expected(Orthogonal(rows=20, columns=30), "float32"))
    kernel = fill_(torch.empty(3, 5, 4, 6), Normal(std=1.0), name="w", seed=2, axes=(2, 3, 1, 0))  # HWIO
    assert np.array_equal(bits(kernel.permute(3, 2, 0, 1)), expected(Normal(std=1.0), "float32", (6, 4, 3, 5)))


def test_a_shard_by_hand():
    where = (slice(4, 9), slice(10, 30))
    part = fill_(torch.empty(5, 20), Normal(std=1.0), name="w", seed=2, shape=(20, 30), where=where)
    assert np.array_equal(bits(part), expected(Normal(std=1.0), "float32", where=where))


def test_parameters_keep_their_gradient_and_autograd_sees_the_change():
    weight = torch.nn.Parameter(torch.ones(3))
    product = (weight * weight).sum()
    fill_(weight, Normal(std=1.0), name="w", seed=0)
    assert weight.requires_grad
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        product.backward()


def model():
    return torch.nn.Sequential(
        torch.nn.Linear(7, 5), torch.nn.BatchNorm1d(5), torch.nn.Linear(5, 70000, dtype=torch.bfloat16)
    )


MODEL_LAWS = {
    "0.weight": Orthogonal(rows=5, columns=7),
    "0.bias": Constant(value=0.0),
    "1.weight": Normal(std=0.02, mean=1.0),
    "1.bias": Uniform(bound=0.1),
    "1.running_mean": Constant(value=0.25),
    "2.weight": TruncatedNormal(scale=0.02),
    "2.bias": CopiedRows(row=Normal(std=1.0)),
}


def check_model(module):
    tensors = dict([*module.named_parameters(), *module.named_buffers()])
    for name, law in MODEL_LAWS.items():
        tensor = tensors[name]
        dtype = str(tensor.dtype).removeprefix("torch.")
        drawn = sample(law, name=name, seed=2, shape=tuple(tensor.shape), dtype=dtype)
        assert np.array_equal(bits(tensor), drawn.view(f"i{drawn.itemsize}"))


@pytest.mark.parametrize("compiled", [False, True])
def test_a_module(compiled, monkeypatch):
    from initlab.streams import many

    monkeypatch.setattr(many, "compiled_serves", lambda dtype, total: compiled)
    module = model()
    fill_module(module, MODEL_LAWS, seed=2)
    check_model(module)


def test_the_order_of_creation_changes_nothing():
    first, second = model(), model()
    fill_module(first, MODEL_LAWS, seed=2)
    fill_module(second, dict(reversed(MODEL_LAWS.items())), seed=2)
    for one, other in zip(first.parameters(), second.parameters(), strict=True):
        assert np.array_equal(bits(one), bits(other))


def test_global_generators_are_not_touched():
    before = torch.get_rng_state()
    fill_module(model_on_meta := _meta(), MODEL_LAWS, seed=2)
    assert torch.equal(torch.get_rng_state(), before)
    assert not model_on_meta[0].weight.is_meta


def _meta():
    with torch.device("meta"):
        return model()


def test_meta_device():
    module = _meta()
    fill_module(module, MODEL_LAWS, seed=2)
    check_model(module)
    assert module[1].running_var.is_meta  # no law was given for it
    assert isinstance(module[0].weight, torch.nn.Parameter)


def test_tied_weights_are_made_once():
    with torch.device("meta"):
        module = torch.nn.Sequential(torch.nn.Embedding(11, 4), torch.nn.Linear(4, 11, bias=False))
    module[1].weight = module[0].weight
    fill_module(module, {"0.weight": Normal(std=1.0)}, seed=0)
    assert module[1].weight is module[0].weight
    assert np.array_equal(
        bits(module[0].weight),
        sample(Normal(std=1.0), name="0.weight", seed=0, shape=(11, 4), dtype="float32").view("i4"),
    )


def test_wrappers_leave_no_trace_in_a_name():
    assert parameter_name("_orig_mod.a._fsdp_wrapped_module.b._checkpoint_wrapped_module.c") == "a.b.c"
    assert parameter_name("module.weight") == "module.weight"
    module = torch.nn.Sequential()
    module.add_module("_orig_mod", torch.nn.Linear(3, 2))
    fill_module(module, {"weight": Normal(std=1.0)}, seed=0)
    drawn = sample(Normal(std=1.0), name="weight", seed=0, shape=(2, 3), dtype="float32")
    assert np.array_equal(module.get_submodule("_orig_mod").weight.detach().numpy(), drawn)


@pytest.mark.parametrize(
    ("tensor", "line"),
    [
        (torch.empty(3, device="meta"), "must hold memory"),
        (torch.empty(1).expand(3), "must not overlap itself"),
        (torch.empty(9).as_strided((3, 4), (1, 1)), "must not overlap itself"),
        (torch.empty(9).unfold(0, 3, 1), "must not overlap itself"),
        (torch.empty(3, 2).to_sparse(), "must be dense"),
        (torch.empty(3, dtype=torch.complex64).conj().imag, "lazily negated"),
        (torch.empty(3, dtype=torch.int32), "dtype of a draw must be one of"),
        (torch.empty(3, dtype=torch.complex64), "dtype of a draw must be one of"),
    ],
)
def test_bad_tensors(tensor, line):
    with pytest.raises(SpecError, match=line):
        fill_(tensor, Normal(std=1.0), name="w", seed=0)


def test_bad_modules_and_shapes():
    with pytest.raises(SpecError, match="must be of tensors that the module has, got 'wieght'"):
        fill_module(torch.nn.Linear(2, 3), {"wieght": Normal(std=1.0)}, seed=0)
    with pytest.raises(SpecError, match="must have the shape of the part"):
        fill_(torch.empty(3), Normal(std=1.0), name="w", seed=0, shape=(4,))


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device; none is here")
@pytest.mark.parametrize("law", LAWS, ids=str)
@pytest.mark.parametrize("dtype", DTYPES)
def test_cuda(law, dtype):
    tensor = fill_(torch.empty(20, 30, dtype=getattr(torch, dtype), device="cuda"), law, name="w", seed=2)
    assert np.array_equal(bits(tensor.cpu()), expected(law, dtype))


def test_a_matrix_law_is_drawn_once_for_a_device_that_is_filled_from_the_host(monkeypatch):
    from initlab.streams import stream_key
    from initlab.streams import torch as frame
    from initlab.streams.layout import part_of

    monkeypatch.setattr(frame, "PIECE", 1)
    calls, real = [], frame.draw_part
    monkeypatch.setattr(frame, "draw_part", lambda *numbers: calls.append(numbers) or real(*numbers))
    for law, draws in ((Orthogonal(rows=20, columns=30), 1), (Normal(std=1.0), 20)):
        calls.clear()
        tensor = torch.empty(20, 30)
        frame.fill_from_host(tensor, law, stream_key("w", 2), part_of((20, 30), None), 1)
        assert len(calls) == draws
        assert np.array_equal(bits(tensor), expected(law, "float32"))


def test_scalars_and_empty_tensors():
    law = CopiedRows(row=Normal(std=1.0))
    assert fill_(torch.empty(()), law, name="w", seed=2).item() == sample(
        law, name="w", seed=2, shape=(1,), dtype="float32"
    )
    assert fill_(torch.empty(1, 0).expand(3, 0), law, name="w", seed=2).shape == (3, 0)


@pytest.mark.parametrize("dtype", DTYPES)
def test_small_tensors_of_a_module_may_be_transposed_or_half(dtype):
    module = torch.nn.Module()
    kind = getattr(torch, dtype)
    module.flat = torch.nn.Parameter(torch.empty(20, 30, dtype=kind))
    module.turned = torch.nn.Parameter(torch.empty(30, 20, dtype=kind).T)
    laws = {"flat": Uniform(bound=0.1, centre=0.1), "turned": TruncatedNormal(scale=0.02)}
    fill_module(module, laws, seed=2)
    for name, law in laws.items():
        drawn = sample(law, name=name, seed=2, shape=(20, 30), dtype=dtype)
        assert np.array_equal(bits(getattr(module, name)), drawn.view(f"i{drawn.itemsize}"))
