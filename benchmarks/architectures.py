"""Architectures read: every parameter of each with a role and a reason, and what could not be followed.

    python benchmarks/architectures.py [NAME ...] [--rows]

Models of transformers, timm, torchvision and torch, tiny and with random weights: nothing is downloaded. `--rows`
prints each parameter. torchvision and timm are left out where they are not installed.
"""

import argparse
import contextlib
import importlib
import io
import time
import warnings
from collections import Counter
from collections.abc import Callable, Iterator

import torch
from torch import nn

from initlab.adapters.torch.adapter import TorchAdapter

torch.set_num_threads(1)

TEXT = {"vocab_size": 99, "hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 4, "intermediate_size": 48}
TEXT |= {"max_position_embeddings": 64, "pad_token_id": 0, "bos_token_id": 1, "eos_token_id": 2}
GROUPED = {**TEXT, "num_key_value_heads": 2, "head_dim": 8}
VISION = {
    "hidden_size": 32,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "intermediate_size": 48,
    "image_size": 32,
}
VISION |= {"patch_size": 8}
GPT = {"vocab_size": 99, "n_embd": 32, "n_layer": 2, "n_head": 4, "bos_token_id": 1, "eos_token_id": 2}
PAIR = {"vocab_size": 99, "d_model": 32, "encoder_layers": 2, "decoder_layers": 2, "encoder_attention_heads": 4}
PAIR |= {"decoder_attention_heads": 4, "encoder_ffn_dim": 48, "decoder_ffn_dim": 48, "max_position_embeddings": 64}
PAIR |= {"pad_token_id": 0, "bos_token_id": 1, "eos_token_id": 2, "decoder_start_token_id": 1}
T5 = {
    "vocab_size": 99,
    "d_model": 32,
    "d_kv": 8,
    "d_ff": 48,
    "num_layers": 2,
    "num_heads": 4,
    "decoder_start_token_id": 0,
}
EXPERTS = {**GROUPED, "num_local_experts": 4, "num_experts": 4, "num_experts_per_tok": 2, "moe_intermediate_size": 24}

SPEECH = {**TEXT, "conv_dim": (16, 16), "conv_stride": (5, 2), "conv_kernel": (10, 3), "num_feat_extract_layers": 2}
SPEECH |= {"num_conv_pos_embeddings": 8, "num_conv_pos_embedding_groups": 2}
WINDOWS = {"image_size": 32, "patch_size": 4, "embed_dim": 16, "depths": [1, 2], "num_heads": [2, 4], "window_size": 4}
STAGES = {"hidden_sizes": [8, 16], "depths": [1, 2], "num_stages": 2, "image_size": 32}

TRANSFORMERS: dict[str, tuple[str, str, dict[str, object]]] = {
    "gpt2": ("GPT2", "CausalLM", GPT),
    "openai-gpt": ("OpenAIGPT", "CausalLM", GPT),
    "gpt-neo": (
        "GPTNeo",
        "CausalLM",
        {**TEXT, "num_layers": 2, "num_heads": 4, "attention_types": [[["global", "local"], 1]]},
    ),
    "gptj": ("GPTJ", "CausalLM", {**GPT, "rotary_dim": 4}),
    "gpt-neox": ("GPTNeoX", "CausalLM", TEXT),
    "gpt-bigcode": ("GPTBigCode", "CausalLM", GPT),
    "gpt-oss": ("GptOss", "CausalLM", EXPERTS),
    "codegen": ("CodeGen", "CausalLM", {**GPT, "rotary_dim": 4}),
    "llama": ("Llama", "CausalLM", GROUPED),
    "mistral": ("Mistral", "CausalLM", GROUPED),
    "mixtral": ("Mixtral", "CausalLM", EXPERTS),
    "qwen2": ("Qwen2", "CausalLM", GROUPED),
    "qwen3": ("Qwen3", "CausalLM", GROUPED),
    "qwen3-moe": ("Qwen3Moe", "CausalLM", EXPERTS),
    "gemma": ("Gemma", "CausalLM", GROUPED),
    "gemma2": ("Gemma2", "CausalLM", GROUPED),
    "gemma3": ("Gemma3Text", "CausalLM", GROUPED),
    "phi": ("Phi", "CausalLM", TEXT),
    "phi3": ("Phi3", "CausalLM", GROUPED),
    "falcon": ("Falcon", "CausalLM", {**TEXT, "new_decoder_architecture": True, "num_kv_heads": 2}),
    "bloom": ("Bloom", "CausalLM", {"vocab_size": 99, "hidden_size": 32, "n_layer": 2, "n_head": 4}),
    "opt": ("OPT", "CausalLM", {**TEXT, "ffn_dim": 48, "word_embed_proj_dim": 32}),
    "mpt": ("Mpt", "CausalLM", {"vocab_size": 99, "d_model": 32, "n_layers": 2, "n_heads": 4, "max_seq_len": 64}),
    "stablelm": ("StableLm", "CausalLM", GROUPED),
    "starcoder2": ("Starcoder2", "CausalLM", GROUPED),
    "olmo2": ("Olmo2", "CausalLM", GROUPED),
    "granite": ("Granite", "CausalLM", GROUPED),
    "cohere": ("Cohere", "CausalLM", GROUPED),
    "mamba": ("Mamba", "CausalLM", {"vocab_size": 99, "hidden_size": 32, "num_hidden_layers": 2, "state_size": 4}),
    "mamba2": (
        "Mamba2",
        "CausalLM",
        {
            "vocab_size": 99,
            "hidden_size": 32,
            "num_hidden_layers": 2,
            "num_heads": 8,
            "head_dim": 8,
            "n_groups": 2,
            "state_size": 4,
            "chunk_size": 8,
        },
    ),
    "rwkv": (
        "Rwkv",
        "CausalLM",
        {"vocab_size": 99, "hidden_size": 32, "num_hidden_layers": 2, "attention_hidden_size": 32},
    ),
    "bert": ("Bert", "MaskedLM", TEXT),
    "bert-classifier": ("Bert", "SequenceClassification", TEXT),
    "roberta": ("Roberta", "MaskedLM", TEXT),
    "distilbert": (
        "DistilBert",
        "MaskedLM",
        {"vocab_size": 99, "dim": 32, "n_layers": 2, "n_heads": 4, "hidden_dim": 48},
    ),
    "albert": ("Albert", "MaskedLM", {**TEXT, "embedding_size": 16}),
    "electra": ("Electra", "MaskedLM", {**TEXT, "embedding_size": 16}),
    "deberta-v2": ("DebertaV2", "MaskedLM", {**TEXT, "relative_attention": True, "pos_att_type": ["p2c", "c2p"]}),
    "mobilebert": (
        "MobileBert",
        "MaskedLM",
        {**TEXT, "embedding_size": 32, "intra_bottleneck_size": 16, "true_hidden_size": 16},
    ),
    "modernbert": ("ModernBert", "MaskedLM", {**TEXT, "cls_token_id": 1, "sep_token_id": 2}),
    "xlm-roberta": ("XLMRoberta", "MaskedLM", TEXT),
    "funnel": (
        "Funnel",
        "MaskedLM",
        {
            "vocab_size": 99,
            "d_model": 32,
            "n_head": 4,
            "d_head": 8,
            "d_inner": 48,
            "block_sizes": [1, 1],
            "num_decoder_layers": 1,
        },
    ),
    "t5": ("T5", "Seq2SeqLM", T5),
    "t5-v1.1": ("T5", "Seq2SeqLM", {**T5, "feed_forward_proj": "gated-gelu", "tie_word_embeddings": False}),
    "bart": ("Bart", "Seq2SeqLM", PAIR),
    "pegasus": ("Pegasus", "Seq2SeqLM", PAIR),
    "m2m100": ("M2M100", "Seq2SeqLM", PAIR),
    "whisper": (
        "Whisper",
        "SpeechSeq2Seq",
        {**PAIR, "num_mel_bins": 8, "max_source_positions": 16, "max_target_positions": 16},
    ),
    "wav2vec2": ("Wav2Vec2", "CTC", SPEECH),
    "hubert": ("Hubert", "CTC", SPEECH),
    "vit": ("ViT", "ImageClassification", VISION),
    "xlnet": ("XLNet", "CausalLM", {"vocab_size": 99, "d_model": 32, "n_layer": 2, "n_head": 4, "d_inner": 48}),
    "beit": ("Beit", "ImageClassification", {**VISION, "use_relative_position_bias": True}),
    "dinov2": ("Dinov2", "ImageClassification", VISION),
    "swin": ("Swin", "ImageClassification", WINDOWS),
    "swinv2": ("Swinv2", "ImageClassification", WINDOWS),
    "convnext": ("ConvNext", "ImageClassification", STAGES),
    "convnextv2": ("ConvNextV2", "ImageClassification", STAGES),
    "resnet-hf": (
        "ResNet",
        "ImageClassification",
        {"embedding_size": 8, "hidden_sizes": [8, 16], "depths": [1, 2], "layer_type": "basic", "image_size": 32},
    ),
    "segformer": (
        "Segformer",
        "ImageClassification",
        {
            "hidden_sizes": [8, 16, 16, 32],
            "depths": [1, 1, 1, 1],
            "num_attention_heads": [1, 2, 2, 4],
            "image_size": 64,
        },
    ),
    "clip": ("CLIP", "", {"text_config": TEXT, "vision_config": VISION, "projection_dim": 16}),
    "siglip": ("Siglip", "", {"text_config": {**TEXT, "projection_size": 32}, "vision_config": VISION}),
    "perceiver": (
        "Perceiver",
        "MaskedLM",
        {
            "vocab_size": 99,
            "d_model": 16,
            "d_latents": 16,
            "num_latents": 4,
            "num_blocks": 1,
            "num_self_attends_per_block": 1,
            "num_self_attention_heads": 2,
            "num_cross_attention_heads": 2,
            "qk_channels": 16,
            "v_channels": 16,
            "max_position_embeddings": 64,
        },
    ),
}


def of_transformers(name: str) -> nn.Module:
    """A tiny model of transformers with random weights."""
    import transformers

    transformers.logging.set_verbosity_error()
    kind, head, settings = TRANSFORMERS[name]
    config = getattr(transformers, f"{kind}Config")(**settings)
    made: nn.Module = getattr(transformers, f"AutoModelFor{head}" if head else "AutoModel").from_config(config)
    return made


TIMM = {
    "timm-vit": ("vit_tiny_patch16_224", {"depth": 2, "img_size": 64}),
    "timm-convnext": ("convnext_atto", {"depths": (1, 1, 2, 1)}),
    "timm-efficientnet": ("efficientnet_b0", {}),
    "timm-mixer": ("mixer_s32_224", {}),
    "timm-nfnet": ("nfnet_l0", {}),
    "timm-swin": ("swin_tiny_patch4_window7_224", {"depths": (1, 1, 2, 1)}),
    "timm-maxvit": ("maxvit_rmlp_pico_rw_256", {}),
    "timm-eva02": ("eva02_tiny_patch14_224", {"depth": 2}),
}
TORCHVISION = (
    "resnet18",
    "resnet50",
    "vgg11",
    "densenet121",
    "mobilenet_v3_small",
    "efficientnet_v2_s",
    "regnet_y_400mf",
)
TORCHVISION += ("shufflenet_v2_x0_5", "squeezenet1_1", "swin_t", "vit_b_32", "convnext_tiny")


def of_torch() -> dict[str, Callable[[], nn.Module]]:
    """Layers of torch itself, and models put together from them."""
    return {
        "mlp": lambda: nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 8), nn.Tanh(), nn.Linear(8, 2)),
        "transformer": lambda: nn.TransformerEncoder(nn.TransformerEncoderLayer(16, 2, 32, batch_first=True), 2),
        "transformer-pair": lambda: nn.Transformer(16, 2, 2, 2, 32, batch_first=True),
        "attention": lambda: nn.MultiheadAttention(16, 2, add_bias_kv=True),
        "lstm": lambda: nn.LSTM(4, 8, num_layers=2, bidirectional=True, proj_size=3),
        "gru": lambda: nn.GRU(4, 8),
        "rnn": lambda: nn.RNN(4, 8),
        "autoencoder": lambda: nn.Sequential(
            nn.Conv2d(3, 8, 3, stride=2), nn.LeakyReLU(0.2), nn.ConvTranspose2d(8, 8, 4, stride=2, groups=4), nn.GELU(),
            nn.ConvTranspose2d(8, 3, 3), nn.Sigmoid(),
        ),
        "glu": lambda: nn.Sequential(nn.Linear(4, 16), nn.GLU(), nn.PReLU(), nn.Linear(8, 2)),
    }  # fmt: skip


def zoo() -> Iterator[tuple[str, Callable[[], nn.Module]]]:
    """Every architecture that is installed: its name, and what makes it."""
    for name in TRANSFORMERS:
        yield name, lambda name=name: of_transformers(name)
    with contextlib.suppress(ImportError):
        timm = importlib.import_module("timm")
        for name, (model, settings) in TIMM.items():
            yield name, lambda model=model, settings=settings: timm.create_model(model, **settings)
    with contextlib.suppress(ImportError, RuntimeError):
        models = importlib.import_module("torchvision.models")
        for name in TORCHVISION:
            yield f"tv-{name}", lambda name=name: getattr(models, name)()
    yield from of_torch().items()


def line(name: str, make: Callable[[], nn.Module], *, rows: bool) -> str:
    """What one architecture is read as."""
    with warnings.catch_warnings(), contextlib.redirect_stderr(io.StringIO()):
        warnings.simplefilter("ignore")
        model = make()
    adapter = TorchAdapter()
    start = time.perf_counter()
    parameters = adapter.parameters(model)
    took = time.perf_counter() - start
    if rows:
        for each in parameters:
            fan = "" if each.fan is None else f"{each.fan.fan_in:g}->{each.fan.fan_out:g}"
            print(f"  {each.name:60s} {each.shape!s:18s} {each.role:14s} {fan:12s} {each.activation or '-':10s} "
                  f"{each.layer}/{each.depth} {each.width} {each.why}")  # fmt: skip
    roles = Counter(each.role for each in parameters)
    activations = sorted({each.activation for each in parameters if each.activation} - {"linear"})
    unknown = [each.name for each in parameters if "unknown" in each.why or "not seen" in each.why]
    depths = sorted({each.depth for each in parameters if each.depth})
    counted = sum(each.numel() for each in model.parameters())
    assert counted == sum(each.size for each in parameters), name
    assert all(each.why for each in parameters), name
    said = adapter.note(model)
    return (
        f"{name:20s} {len(parameters):4d} {1000 * took:5.0f} ms  depth {','.join(map(str, depths)) or '-':8s} "
        f"{' '.join(activations) or '-':24s} {' '.join(f'{role}:{count}' for role, count in sorted(roles.items()))}"
        + (f"  NOT SEEN {len(unknown)}: {', '.join(unknown[:4])}" if unknown else "")
        + (f"  NOTE {said}" if said else "")
    )


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*")
    parser.add_argument("--rows", action="store_true")
    asked = parser.parse_args()
    print("architecture      parameters   read  depth           activations              roles")
    for name, make in zoo():
        if not asked.names or name in asked.names:
            try:
                print(line(name, make, rows=asked.rows), flush=True)
            except Exception as error:
                print(f"{name:20s} FAILED {type(error).__name__}: {' '.join(str(error).split())[:200]}", flush=True)


if __name__ == "__main__":
    main()
