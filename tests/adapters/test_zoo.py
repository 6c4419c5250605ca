"""Published architectures, tiny and with random weights: every parameter has its role, its fan and what follows it."""

from collections import Counter

import pytest

torch = pytest.importorskip("torch")
transformers = pytest.importorskip("transformers")

from initlab.adapters.torch.adapter import TorchAdapter  # noqa: E402
from initlab.laws import Normal  # noqa: E402

transformers.logging.set_verbosity_error()

TEXT = {"vocab_size": 99, "hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 4, "intermediate_size": 48}
TEXT |= {"max_position_embeddings": 64, "pad_token_id": 0, "bos_token_id": 1, "eos_token_id": 2}
GROUPED = {**TEXT, "num_key_value_heads": 2, "head_dim": 8}
EXPERTS = {**GROUPED, "num_local_experts": 4, "num_experts_per_tok": 2}
VISION = {**TEXT, "image_size": 32, "patch_size": 8}
GPT = {"vocab_size": 99, "n_embd": 32, "n_layer": 2, "n_head": 4, "bos_token_id": 1, "eos_token_id": 2}
T5 = {"vocab_size": 99, "d_model": 32, "d_kv": 8, "d_ff": 48, "num_layers": 2, "num_heads": 4}
MAMBA = {"vocab_size": 99, "hidden_size": 32, "num_hidden_layers": 2, "state_size": 4}
SWIN = {"image_size": 32, "patch_size": 4, "embed_dim": 16, "depths": [1, 2], "num_heads": [2, 4], "window_size": 4}
ATTENTION = {"query": 2, "key": 2, "value": 2, "attention_out": 2, "residual_out": 2}

ZOO = {
    "gpt2": ("GPT2", "CausalLM", GPT, {**ATTENTION, "weight": 2, "embedding": 1, "positional": 1}, {"gelu_tanh"}, 2),
    "gpt-neox": ("GPTNeoX", "CausalLM", TEXT, {**ATTENTION, "weight": 2, "embedding": 1, "head": 1}, {"gelu"}, 2),
    "falcon": (
        "Falcon",
        "CausalLM",
        {**TEXT, "num_kv_heads": 2, "new_decoder_architecture": True},
        ATTENTION,
        {"gelu"},
        2,
    ),
    "llama": ("Llama", "CausalLM", GROUPED, {**ATTENTION, "gate": 2, "weight": 2, "head": 1}, {"silu"}, 2),
    "phi3": ("Phi3", "CausalLM", GROUPED, {**ATTENTION, "gate": 2, "weight": 2, "head": 1}, {"silu"}, 2),
    "cohere": ("Cohere", "CausalLM", GROUPED, {**ATTENTION, "gate": 2, "weight": 2}, {"silu"}, 2),
    "mixtral": ("Mixtral", "CausalLM", EXPERTS, {**ATTENTION, "residual_out": 8, "gate": 8}, {"silu"}, 2),
    "gpt-oss": ("GptOss", "CausalLM", EXPERTS, {**ATTENTION, "residual_out": 8, "gate": 8}, {"gelu"}, 2),
    "gemma2": ("Gemma2", "CausalLM", GROUPED, {**ATTENTION, "gate": 2, "norm_scale": 9}, {"gelu_tanh"}, 2),
    "bert": ("Bert", "MaskedLM", TEXT, {**ATTENTION, "embedding": 2, "positional": 1}, {"gelu"}, 2),
    "albert": ("Albert", "MaskedLM", {**TEXT, "embedding_size": 16}, {"query": 1, "residual_out": 1}, {"gelu_tanh"}, 2),
    "t5": ("T5", "Seq2SeqLM", T5, {"query": 6, "attention_out": 6, "positional": 2}, {"relu"}, 2),
    "mamba": ("Mamba", "CausalLM", MAMBA, {"residual_out": 2, "special": 6}, {"silu", "softplus"}, 2),
    "vit": ("ViT", "ImageClassification", VISION, {**ATTENTION, "input": 1, "head": 1, "embedding": 1}, {"gelu"}, 2),
    "swin": ("Swin", "ImageClassification", SWIN, {"query": 3, "residual_out": 3, "positional": 3}, {"gelu"}, 3),
}


def build(name):
    kind, head, settings, *_ = ZOO[name]
    config = getattr(transformers, f"{kind}Config")(**settings)
    return getattr(transformers, f"AutoModelFor{head}").from_config(config)


@pytest.mark.parametrize("name", ZOO)
def test_every_parameter_has_a_role_a_reason_and_its_place(name):
    *_, roles, activations, depth = ZOO[name]
    model = build(name)
    before = {key: value.clone() for key, value in model.state_dict().items()}
    random, mode = torch.get_rng_state(), [module.training for module in model.modules()]
    adapter = TorchAdapter()
    found = adapter.parameters(model)
    counts = Counter(each.role for each in found)
    assert adapter.note(model) == ""
    assert {role: counts[role] for role in roles} == roles
    assert {each.activation for each in found} - {None, "linear", "sigmoid", "tanh"} == activations
    assert {each.depth for each in found} == {depth}
    assert sum(each.size for each in found) == sum(each.numel() for each in model.parameters())
    assert all(each.why for each in found)
    assert len({each.name for each in found}) == len(found)
    assert all(each.fan is not None for each in found if each.role not in ("norm_scale", "bias", "special"))
    assert torch.equal(torch.get_rng_state(), random)
    assert [module.training for module in model.modules()] == mode
    assert all(torch.equal(before[key], value) for key, value in model.state_dict().items())
    assert all(each.grad is None and each.requires_grad for each in model.parameters())


@pytest.mark.parametrize("name", ["gpt2", "gpt-neox", "mixtral", "phi3"])
def test_the_blocks_of_fused_tensors_cover_them_once(name):
    model = build(name)
    adapter = TorchAdapter()
    found = adapter.parameters(model)
    adapter.fill(model, {each.name: Normal(std=1.0, mean=100.0 * k) for k, each in enumerate(found, 1)}, seed=0)
    for k, each in enumerate(found, 1):
        assert abs(adapter.values(model, each).mean() - 100 * k) < 10
    kept = {each.name: each.padding for each in found if each.padding is not None}
    for key, value in model.named_parameters():
        drawn = value if key not in kept else value[[k for k in range(len(value)) if k != kept[key]]]
        assert bool((drawn > 50).all())


def test_a_packed_projection_is_told_by_where_its_rows_end_up():
    """GPT-NeoX packs head by head: 8 rows of queries, 8 of keys, 8 of values, for each of 4 heads."""
    model = build("gpt-neox")
    adapter = TorchAdapter()
    keys = next(each for each in adapter.parameters(model) if each.name.endswith("query_key_value.weight[key]"))
    adapter.fill(model, {keys.name: Normal(std=1.0, mean=100.0)}, seed=0)
    packed = model.gpt_neox.layers[0].attention.query_key_value.weight.detach().view(4, 3, 8, 32)
    assert [bool((packed[:, k] > 50).all()) for k in range(3)] == [False, True, False]


def test_a_norm_that_multiplies_by_one_plus_w_is_told_from_one_that_multiplies_by_w():
    for name, neutral in (("gemma2", 0.0), ("llama", 1.0)):
        scales = [each for each in TorchAdapter().parameters(build(name)) if each.role == "norm_scale"]
        assert {each.neutral for each in scales} == {neutral}


def test_llama_on_meta_is_read_alike_and_gets_its_buffers_back():
    real = build("llama")
    with torch.device("meta"):
        meta = build("llama")
    adapter = TorchAdapter()
    found = adapter.parameters(meta)
    assert [(each.name, each.role, each.fan, each.activation, each.layer) for each in found] == [
        (each.name, each.role, each.fan, each.activation, each.layer) for each in TorchAdapter().parameters(real)
    ]
    adapter.fill(meta, {each.name: Normal(std=0.1) for each in found}, seed=0)
    given = dict(real.named_buffers())
    assert given
    assert all(torch.equal(value, given[key]) for key, value in meta.named_buffers())
    tokens = torch.arange(6)[None]
    TorchAdapter().fill(real, {each.name: Normal(std=0.1) for each in found}, seed=0)
    assert torch.equal(real(tokens).logits, meta(tokens).logits)


@pytest.mark.filterwarnings("ignore:.is_gradient_checkpointing:FutureWarning")  # peft asks transformers for it
def test_the_half_of_a_low_rank_adapter_and_the_frozen_base_keep_their_names():
    peft = pytest.importorskip("peft")
    plain = {each.name: each for each in TorchAdapter().parameters(build("llama"))}
    wrapped = peft.get_peft_model(build("llama"), peft.LoraConfig(r=2, target_modules=["q_proj", "down_proj"]))
    found = {each.name: each for each in TorchAdapter().parameters(wrapped)}
    assert set(plain) <= set(found)
    assert {name: found[name].role for name in plain} == {name: each.role for name, each in plain.items()}
    assert not any(found[name].trainable for name in plain)
    added = Counter(each.role for name, each in found.items() if name not in plain)
    assert added["special"] == 4
    assert sum(added.values()) == 8
