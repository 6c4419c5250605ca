"""Transformers' architectures from their configurations alone, tiny; PEFT's adapters on two of them."""

from collections.abc import Callable
from typing import Any

import torch
from benchmarks.initfaults.data import ROWS, images, integers, noise_images, normal, tokens
from benchmarks.initfaults.losses import token_loss
from benchmarks.initfaults.net import Case, Net, Sites
from torch import Tensor, nn

DECODER = {
    "vocab_size": 64, "hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 2, "num_attention_heads": 4,
    "num_key_value_heads": 2, "max_position_embeddings": 64, "pad_token_id": 0, "bos_token_id": 1, "eos_token_id": 2,
}  # fmt: skip


class Logits(nn.Module):
    """A Transformers model as a function of one tensor; `also` holds what else it must be given."""

    def __init__(self, model: nn.Module, key: str = "input_ids", field: str = "logits", **also: Tensor) -> None:
        super().__init__()
        self.model, self.key, self.field, self.also = model, key, field, also

    def forward(self, x: Tensor) -> Tensor:
        return getattr(self.model(**{self.key: x}, **self.also), self.field)


def configured(kind: str, task: str, **options: Any) -> nn.Module:
    """The model of that name in Transformers, drawn by its own initialization, on its way to training."""
    import transformers

    transformers.logging.set_verbosity_error()
    config = getattr(transformers, f"{kind}Config")(**options)
    return getattr(transformers, f"{kind}{task}")(config).train()


def _causal(
    name: str, family: str, kind: str, task: str = "ForCausalLM", sites: Sites | None = None, **options: Any
) -> Net:
    def build() -> Case:
        x, y = tokens()
        model = Logits(configured(kind, task, **options))
        return Case(model=model, x=x[:32], y=y[:32], loss=token_loss, data=(x, y))

    return Net(name=name, family=family, build=build, sites=sites)


def _masked(name: str, family: str, kind: str, task: str = "ForMaskedLM", **options: Any) -> Net:
    def build() -> Case:
        x, _ = tokens()
        hidden = torch.where(integers(5, *x.shape) == 0, 63, x)
        model = Logits(configured(kind, task, **options))
        return Case(model=model, x=hidden[:32], y=x[:32], loss=token_loss, data=(hidden, x))

    return Net(name=name, family=family, build=build)


def _translated(name: str, family: str, kind: str, **options: Any) -> Net:
    def build() -> Case:
        x, y = tokens()
        model = Logits(configured(kind, "ForConditionalGeneration", **options), decoder_input_ids=x[:32])
        return Case(model=model, x=x[:32], y=y[:32], loss=token_loss)

    return Net(name=name, family=family, build=build)


def _whisper() -> Case:
    options = {
        "vocab_size": 64, "d_model": 32, "encoder_layers": 2, "decoder_layers": 2, "encoder_attention_heads": 4,
        "decoder_attention_heads": 4, "encoder_ffn_dim": 64, "decoder_ffn_dim": 64, "max_source_positions": 32,
        "max_target_positions": 32, "num_mel_bins": 16, "pad_token_id": 0, "bos_token_id": 1, "eos_token_id": 2,
        "decoder_start_token_id": 1,
    }  # fmt: skip
    ids = tokens()[0][:16]
    model = Logits(
        configured("Whisper", "ForConditionalGeneration", **options), "input_features", decoder_input_ids=ids
    )
    return Case(model=model, x=normal(16, 16, 64), y=tokens()[1][:16], loss=token_loss)


VIT = {"image_size": 8, "patch_size": 2, "num_channels": 1, "hidden_size": 32, "intermediate_size": 64,
       "num_hidden_layers": 2, "num_attention_heads": 4, "num_labels": 10}  # fmt: skip


def _vit(kind: str = "ViT") -> Case:
    x, y = images()
    model = Logits(configured(kind, "ForImageClassification", **VIT), "pixel_values")
    return Case(model=model, x=x[:ROWS], y=y[:ROWS], loss=nn.CrossEntropyLoss(), data=(x, y))


def _convnext() -> Case:
    x, y = noise_images(16)
    options = {"hidden_sizes": [16, 32], "depths": [1, 1], "num_stages": 2, "num_labels": 10}
    return Case(
        model=Logits(configured("ConvNextV2", "ForImageClassification", **options), "pixel_values"), x=x, y=y,
        loss=nn.CrossEntropyLoss(),
    )  # fmt: skip


def _peft(base: Callable[[], nn.Module], config: Callable[[Any], Any]) -> Case:
    import peft

    x, y = tokens()
    model = Logits(peft.get_peft_model(base(), config(peft)))
    return Case(model=model, x=x[:32], y=y[:32], loss=token_loss, data=(x, y))


GPT2 = {
    "vocab_size": 64,
    "n_embd": 32,
    "n_layer": 2,
    "n_head": 4,
    "n_positions": 32,
    "bos_token_id": 1,
    "eos_token_id": 2,
}
BERT = {"vocab_size": 64, "hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 2, "num_attention_heads": 4,
        "max_position_embeddings": 64}  # fmt: skip
NEOX = {key: DECODER[key] for key in DECODER if key != "num_key_value_heads"}
T5 = {
    "vocab_size": 64,
    "d_model": 32,
    "d_kv": 8,
    "d_ff": 64,
    "num_layers": 2,
    "num_heads": 4,
    "decoder_start_token_id": 0,
}
BART = {"vocab_size": 64, "d_model": 32, "encoder_layers": 2, "decoder_layers": 2, "encoder_attention_heads": 4,
        "decoder_attention_heads": 4, "encoder_ffn_dim": 64, "decoder_ffn_dim": 64, "max_position_embeddings": 64,
        "pad_token_id": 0, "bos_token_id": 1, "eos_token_id": 2,
        "decoder_start_token_id": 1, "forced_eos_token_id": 2}  # fmt: skip
MAMBA = {"vocab_size": 64, "hidden_size": 32, "num_hidden_layers": 2, "state_size": 8, "pad_token_id": 0,
         "bos_token_id": 1, "eos_token_id": 2}  # fmt: skip
OPT = {"vocab_size": 64, "hidden_size": 32, "ffn_dim": 64, "num_hidden_layers": 2, "num_attention_heads": 4,
       "max_position_embeddings": 64, "word_embed_proj_dim": 32, "pad_token_id": 0, "bos_token_id": 1,
       "eos_token_id": 2}  # fmt: skip

GPT2_SITES = Sites(
    hidden=tuple(
        f"model.transformer.h.{i}.{part}.weight"
        for i in (0, 1) for part in ("attn.c_attn", "attn.c_proj", "mlp.c_fc", "mlp.c_proj")
    ),
    activation="gelu", embedding="model.transformer.wte.weight",
    blocks=tuple(f"model.transformer.h.{i}" for i in (0, 1)),
)  # fmt: skip
LLAMA_SITES = Sites(
    hidden=tuple(
        f"model.model.layers.{i}.{part}.weight"
        for i in (0, 1)
        for part in ("self_attn.q_proj", "self_attn.v_proj", "self_attn.o_proj", "mlp.gate_proj",
                     "mlp.up_proj", "mlp.down_proj")
    ),
    head="model.lm_head.weight", activation="silu", embedding="model.model.embed_tokens.weight",
    blocks=tuple(f"model.model.layers.{i}" for i in (0, 1)),
)  # fmt: skip
LORA_SITES = Sites(
    lora=tuple(
        (f"model.base_model.model.transformer.h.{i}.attn.c_attn.lora_A.default.weight",
         f"model.base_model.model.transformer.h.{i}.attn.c_attn.lora_B.default.weight") for i in (0, 1)
    )
)  # fmt: skip

LANGUAGE = (
    _causal("hf-gpt2", "hf-gpt2", "GPT2", "LMHeadModel", GPT2_SITES, **GPT2),
    _causal("hf-llama", "hf-llama", "Llama", sites=LLAMA_SITES, **DECODER),
    _causal("hf-mistral", "hf-mistral", "Mistral", **DECODER),
    _causal("hf-gemma", "hf-gemma", "Gemma", head_dim=8, **DECODER),
    _causal("hf-qwen2", "hf-qwen2", "Qwen2", **DECODER),
    _causal("hf-qwen3", "hf-qwen3", "Qwen3", head_dim=8, **DECODER),
    _causal("hf-mixtral", "hf-mixtral", "Mixtral", num_local_experts=4, **DECODER),
    _causal("hf-gpt-neox", "hf-gpt-neox", "GPTNeoX", **NEOX),
    _causal("hf-phi", "hf-phi", "Phi", **DECODER),
    _causal("hf-opt", "hf-opt", "OPT", **OPT),
    _causal("hf-bloom", "hf-bloom", "Bloom", vocab_size=64, hidden_size=32, n_layer=2, n_head=4),
    _causal("hf-mamba", "hf-mamba", "Mamba", **MAMBA),
    _masked("hf-bert", "hf-bert", "Bert", **BERT),
    _masked("hf-roberta", "hf-roberta", "Roberta", **BERT),
    _masked("hf-albert", "hf-albert", "Albert", embedding_size=16, **BERT),
    _masked(
        "hf-distilbert", "hf-distilbert", "DistilBert", vocab_size=64, dim=32, hidden_dim=64, n_layers=2, n_heads=4,
    ),
    _masked("hf-electra", "hf-electra", "Electra", embedding_size=16, **BERT),
    _translated("hf-t5", "hf-t5", "T5", **T5),
    _translated("hf-bart", "hf-bart", "Bart", **BART),
    Net(name="hf-whisper", family="hf-whisper", build=_whisper),
    Net(name="hf-vit", family="hf-vit", build=_vit),
    Net(name="hf-deit", family="hf-deit", build=lambda: _vit("DeiT")),
    Net(name="hf-convnextv2", family="hf-convnextv2", build=_convnext),
    Net(
        name="peft-lora-gpt2", family="peft-lora-gpt2", sites=LORA_SITES,
        build=lambda: _peft(
            lambda: configured("GPT2", "LMHeadModel", **GPT2),
            lambda peft: peft.LoraConfig(
                r=4, target_modules=["c_attn"], fan_in_fan_out=True, modules_to_save=["lm_head"]
            ),
        ),
    ),
    Net(
        name="peft-lora-llama", family="peft-lora-llama",
        build=lambda: _peft(
            lambda: configured("Llama", "ForCausalLM", **DECODER),
            lambda peft: peft.LoraConfig(r=4, target_modules=["q_proj", "v_proj"]),
        ),
    ),
    Net(
        name="peft-ia3-gpt2", family="peft-ia3",
        build=lambda: _peft(
            lambda: configured("GPT2", "LMHeadModel", **GPT2),
            lambda peft: peft.IA3Config(target_modules=["c_attn"], feedforward_modules=[], fan_in_fan_out=True),
        ),
    ),
)  # fmt: skip
