"""timm's, torchvision's and Transformers' own architectures, small, as their own initializations draw them.

Only modules, families and model types the first byte of whose name's SHA-256 is odd: the even ones were used elsewhere.
"""

from collections.abc import Callable
from typing import Any

import torch
from benchmarks.initfaults.data import Pair, images, integers, noise_images, normal, tokens
from benchmarks.initfaults.losses import ctc_loss, token_loss
from benchmarks.initfaults.net import Case, Net
from benchmarks.initfaults.zoo.fresh.named import named
from benchmarks.initfaults.zoo.language import BERT, DECODER, Logits, configured
from benchmarks.initfaults.zoo.perceptrons import on
from torch import Tensor, nn


class Dense(nn.Module):
    """torchvision's segmentation models give a dict: its logits a pixel."""

    def __init__(self, model: nn.Module) -> None:
        super().__init__()
        self.model = model

    def forward(self, x: Tensor) -> Tensor:
        return self.model(x)["out"]


def _timm(name: str, **options: Any) -> Callable[[], nn.Module]:
    def model() -> nn.Module:
        import timm

        return timm.create_model(name, pretrained=False, num_classes=10, **options)

    return model


def _segmenter(name: str) -> Callable[[], nn.Module]:
    def model() -> nn.Module:
        from torchvision import models

        return Dense(models.get_model(name, weights=None, weights_backbone=None, num_classes=5))

    return model


def _video() -> nn.Module:
    from torchvision.models.video.resnet import BasicBlock, BasicStem, Conv3DSimple, VideoResNet

    return VideoResNet(BasicBlock, [Conv3DSimple] * 4, [1, 1, 1, 1], BasicStem, num_classes=5)


def _language(kind: str, task: str = "ForCausalLM", *, masked: bool = False, **options: Any) -> Callable[[], Case]:
    def build() -> Case:
        x, y = tokens()
        model = Logits(configured(kind, task, **options))
        if masked:
            x, y = torch.where(integers(5, *x.shape) == 0, 63, x), x
        return Case(model=model, x=x[:32], y=y[:32], loss=token_loss, data=(x, y))

    return build


def _translation(kind: str, **options: Any) -> Callable[[], Case]:
    def build() -> Case:
        x, y = (t[:32] for t in tokens())
        model = Logits(configured(kind, "ForConditionalGeneration", **options), decoder_input_ids=x)
        return Case(model=model, x=x, y=y, loss=token_loss, data=(x, y))

    return build


def _pictures(rows: int, side: int) -> Callable[[], Pair]:
    return lambda: noise_images(rows, side)


def _segments(rows: int = 4, side: int = 64) -> Pair:
    x, _ = noise_images(rows, side)
    return x, (x.mean(1) * 1.5 + 2.5).clamp(0, 4).long()


def _clips() -> Pair:
    x, y = noise_images(8, 32)
    return x[:, :, None] + 0.3 * normal(8, 3, 6, 1, 1), y % 5


def _patches(model: Callable[[], nn.Module]) -> Callable[[], Case]:
    return lambda: on(images, Logits(model(), "pixel_values"), nn.CrossEntropyLoss(), 32)


def _spoken() -> Pair:
    return normal(8, 800), integers(20, 8, 3) + 1


def _hubert() -> Case:
    model = Logits(
        configured(
            "Hubert", "ForCTC", vocab_size=24, hidden_size=32, intermediate_size=64, num_hidden_layers=2,
            num_attention_heads=4, conv_dim=(24, 24, 24), conv_kernel=(10, 3, 3), conv_stride=(5, 4, 2),
            num_feat_extract_layers=3, num_conv_pos_embeddings=15, num_conv_pos_embedding_groups=4,
            apply_spec_augment=False,
        ), "input_values",
    )  # fmt: skip
    return on(_spoken, model, ctc_loss)


def _built(name: str, build: Callable[[], Case]) -> Net:
    return Net(name=name, family=name, build=build)


PLAIN = {key: value for key, value in DECODER.items() if key != "num_key_value_heads"}
ENCODED = {"image_size": 8, "patch_size": 2, "num_channels": 1, "hidden_size": 32, "num_hidden_layers": 2,
           "num_attention_heads": 4, "num_labels": 10}  # fmt: skip
SPECIAL = {"pad_token_id": 0, "bos_token_id": 1, "eos_token_id": 2, "decoder_start_token_id": 0}
LIBRARY = (
    named("timm-pvt_v2", _pictures(16, 64), _timm("pvt_v2_b0"), nn.CrossEntropyLoss()),
    named("timm-levit", _pictures(16, 64), _timm("levit_128s", img_size=64), nn.CrossEntropyLoss()),
    named("timm-repvit", _pictures(16, 64), _timm("repvit_m0_9"), nn.CrossEntropyLoss()),
    named("timm-sknet", _pictures(8, 32), _timm("skresnet18"), nn.CrossEntropyLoss()),
    named("timm-resnest", _pictures(8, 32), _timm("resnest14d"), nn.CrossEntropyLoss()),
    named("timm-fasternet", _pictures(16, 32), _timm("fasternet_t0"), nn.CrossEntropyLoss()),
    named("timm-hgnet", _pictures(16, 64), _timm("hgnetv2_b0"), nn.CrossEntropyLoss()),
    named("timm-visformer", _pictures(8, 32), _timm("visformer_tiny", img_size=32), nn.CrossEntropyLoss()),
    named(
        "timm-convit",
        _pictures(16, 32),
        _timm("convit_tiny", img_size=32, patch_size=8, depth=4, embed_dim=48),
        nn.CrossEntropyLoss(),
    ),
    named("timm-inception_next", _pictures(16, 64), _timm("inception_next_atto"), nn.CrossEntropyLoss()),
    named("timm-hardcorenas", _pictures(16, 64), _timm("hardcorenas_a"), nn.CrossEntropyLoss()),
    named("timm-vovnet", _pictures(16, 64), _timm("ese_vovnet19b_slim_dw"), nn.CrossEntropyLoss()),
    named("timm-dla", _pictures(16, 64), _timm("dla46_c"), nn.CrossEntropyLoss()),
    named("timm-maxxvit", _pictures(8, 32), _timm("coatnet_pico_rw_224", img_size=32), nn.CrossEntropyLoss()),
    named(
        "timm-relpos",
        _pictures(16, 32),
        _timm("vit_relpos_small_patch16_224", img_size=32, patch_size=8, depth=4, embed_dim=48, num_heads=4),
        nn.CrossEntropyLoss(),
    ),
    named("tv-lraspp", _segments, _segmenter("lraspp_mobilenet_v3_large"), nn.CrossEntropyLoss()),
    named("tv-deeplabv3", _segments, _segmenter("deeplabv3_mobilenet_v3_large"), nn.CrossEntropyLoss()),
    named("tv-video-resnet", _clips, _video, nn.CrossEntropyLoss()),
    _built("hf-deberta", _language("Deberta", "ForMaskedLM", masked=True, **BERT)),
    _built("hf-mpnet", _language("MPNet", "ForMaskedLM", masked=True, **BERT)),
    _built("hf-convbert", _language("ConvBert", "ForMaskedLM", masked=True, embedding_size=16, **BERT)),
    _built(
        "hf-nystromformer",
        _language("Nystromformer", "ForMaskedLM", masked=True, num_landmarks=4, segment_means_seq_len=16, **BERT),
    ),
    _built(
        "hf-deepseek_v3",
        _language(
            "DeepseekV3",
            n_routed_experts=4,
            num_experts_per_tok=2,
            n_group=1,
            topk_group=1,
            moe_intermediate_size=32,
            first_k_dense_replace=1,
            q_lora_rank=16,
            kv_lora_rank=16,
            qk_rope_head_dim=8,
            qk_nope_head_dim=8,
            v_head_dim=8,
            **{**DECODER, "num_key_value_heads": 4},
        ),
    ),
    _built(
        "hf-gpt_oss",
        _language("GptOss", num_local_experts=4, num_experts_per_tok=2, head_dim=8, sliding_window=8, **DECODER),
    ),
    _built("hf-olmo", _language("Olmo", **DECODER)),
    _built("hf-stablelm", _language("StableLm", **DECODER)),
    _built("hf-starcoder2", _language("Starcoder2", **DECODER)),
    _built(
        "hf-mamba2",
        _language(
            "Mamba2",
            vocab_size=64,
            hidden_size=32,
            num_hidden_layers=2,
            state_size=8,
            num_heads=8,
            head_dim=8,
            n_groups=1,
            chunk_size=8,
            pad_token_id=0,
            bos_token_id=1,
            eos_token_id=2,
        ),
    ),
    _built("hf-nanochat", _language("NanoChat", **DECODER)),
    _built("hf-cohere2", _language("Cohere2", **DECODER)),
    _built(
        "hf-switch",
        _translation(
            "SwitchTransformers",
            vocab_size=64,
            d_model=32,
            d_kv=8,
            d_ff=64,
            num_layers=2,
            num_decoder_layers=2,
            num_sparse_encoder_layers=1,
            num_sparse_decoder_layers=1,
            num_heads=4,
            num_experts=4,
            decoder_start_token_id=0,
        ),
    ),
    _built(
        "hf-pegasus",
        _translation(
            "Pegasus",
            vocab_size=64,
            d_model=32,
            encoder_layers=2,
            decoder_layers=2,
            encoder_attention_heads=4,
            decoder_attention_heads=4,
            encoder_ffn_dim=64,
            decoder_ffn_dim=64,
            max_position_embeddings=64,
            **SPECIAL,
        ),
    ),
    _built("hf-dinov2", _patches(lambda: configured("Dinov2", "ForImageClassification", **ENCODED))),
    _built(
        "hf-segformer",
        _patches(
            lambda: configured(
                "Segformer",
                "ForImageClassification",
                num_channels=1,
                num_encoder_blocks=2,
                depths=[1, 1],
                sr_ratios=[2, 1],
                hidden_sizes=[16, 32],
                patch_sizes=[3, 3],
                strides=[2, 2],
                num_attention_heads=[1, 2],
                mlp_ratios=[4, 4],
                num_labels=10,
            )
        ),
    ),
    _built("hf-hubert", _hubert),
)
