"""timm's, torchvision's and Transformers' own architectures that no older part has, as they draw themselves."""

from collections.abc import Callable

from benchmarks.initfaults.data import normal
from benchmarks.initfaults.net import Net
from benchmarks.initfaults.zoo.fresh.library import ENCODED, SPECIAL
from benchmarks.initfaults.zoo.fresh.library import _built as built
from benchmarks.initfaults.zoo.fresh.library import _language as language
from benchmarks.initfaults.zoo.fresh.library import _patches as patches
from benchmarks.initfaults.zoo.fresh.library import _pictures as pictures
from benchmarks.initfaults.zoo.fresh.library import _timm as of_timm
from benchmarks.initfaults.zoo.fresh.library import _translation as translation
from benchmarks.initfaults.zoo.fresh.named import named
from benchmarks.initfaults.zoo.language import BERT, DECODER, Logits, configured
from benchmarks.initfaults.zoo.perceptrons import on
from torch import Tensor, nn


class Main(nn.Module):
    """GoogLeNet's and Inception's main logits, without those beside."""

    def __init__(self, model: nn.Module) -> None:
        super().__init__()
        self.model = model

    def forward(self, x: Tensor) -> Tensor:
        out = self.model(x)
        return out if isinstance(out, Tensor) else out.logits


def of_torchvision(name: str, **options: object) -> Callable[[], nn.Module]:
    def model() -> nn.Module:
        from torchvision import models

        return Main(models.get_model(name, weights=None, num_classes=10, **options))

    return model


def timm(name: str, family: str, rows: int = 16, side: int = 32, **options: object) -> Net:
    return named(f"timm-{family}", pictures(rows, side), of_timm(name, **options), nn.CrossEntropyLoss())


def vision(name: str, rows: int = 8, side: int = 32, **options: object) -> Net:
    return named(f"tv-{name}", pictures(rows, side), of_torchvision(name, **options), nn.CrossEntropyLoss())


def decoder(name: str, kind: str, **options: object) -> Net:
    return built(f"hf-{name}", language(kind, **{**DECODER, **options}))


def encoder(name: str, kind: str, **options: object) -> Net:
    return built(f"hf-{name}", language(kind, "ForMaskedLM", masked=True, **{**BERT, **options}))


def picture(name: str, kind: str, **options: object) -> Net:
    return built(f"hf-{name}", patches(lambda: configured(kind, "ForImageClassification", **{**ENCODED, **options})))


def series() -> nn.Module:
    return Logits(
        configured(
            "PatchTST",
            "ForPrediction",
            num_input_channels=2,
            context_length=32,
            patch_length=8,
            patch_stride=8,
            d_model=32,
            num_attention_heads=4,
            num_hidden_layers=2,
            ffn_dim=64,
            prediction_length=4,
            loss="mse",
        ),
        "past_values",
        "prediction_outputs",
    )


def spectra() -> nn.Module:
    options = {
        "hidden_size": 32,
        "num_hidden_layers": 2,
        "num_attention_heads": 4,
        "intermediate_size": 64,
        "patch_size": 4,
        "frequency_stride": 4,
        "time_stride": 4,
        "max_length": 32,
        "num_mel_bins": 16,
        "num_labels": 6,
    }
    return Logits(configured("AST", "ForAudioClassification", **options), "input_values")


def heard() -> tuple[Tensor, Tensor]:
    x = normal(64, 32, 16)
    return x, (x[:, :, :6].mean(1)).argmax(1)


def ahead() -> tuple[Tensor, Tensor]:
    from benchmarks.initfaults.zoo.fresh.data import series as known

    x, _ = known()
    return x[:64], x[:64, -4:].flip(1)


LIBRARY = (
    timm("lcnet_050", "lcnet", side=64),
    timm("ghostnet_050", "ghostnet", side=64),
    timm("mobileone_s0", "mobileone", rows=8),
    timm("regnetx_002", "regnetx"),
    timm("rexnet_100", "rexnet", rows=8),
    timm("edgenext_xx_small", "edgenext", side=64),
    timm("mobilevit_xxs", "mobilevit", side=64),
    timm("starnet_s1", "starnet", rows=8),
    timm("mobilenetv4_conv_small", "mobilenetv4", side=64),
    timm("xcit_nano_12_p16_224", "xcit", img_size=32, depth=3),
    timm("eva02_tiny_patch14_224", "eva02", side=28, img_size=28, patch_size=7, depth=3, embed_dim=48, num_heads=4),
    vision("googlenet", aux_logits=False, init_weights=True),
    vision("resnext50_32x4d", rows=4),
    decoder("phi3", "Phi3"),
    decoder("gemma2", "Gemma2", head_dim=8),
    decoder("olmo2", "Olmo2"),
    decoder("granite", "Granite"),
    decoder("falcon", "Falcon", alibi=False),
    decoder("glm", "Glm", head_dim=8, partial_rotary_factor=0.5),
    built(
        "hf-gpt_neo",
        language(
            "GPTNeo",
            vocab_size=64,
            hidden_size=32,
            num_layers=2,
            num_heads=4,
            max_position_embeddings=64,
            attention_types=[[["global", "local"], 1]],
            window_size=8,
        ),
    ),
    built(
        "hf-codegen", language("CodeGen", vocab_size=64, n_embd=32, n_layer=2, n_head=4, n_positions=64, rotary_dim=4)
    ),
    built("hf-mpt", language("Mpt", vocab_size=64, d_model=32, n_layers=2, n_heads=4, max_seq_len=64)),
    built("hf-rwkv", language("Rwkv", vocab_size=64, hidden_size=32, num_hidden_layers=2, context_length=64)),
    built("hf-falcon_mamba", language("FalconMamba", vocab_size=64, hidden_size=32, num_hidden_layers=2, state_size=8)),
    encoder("squeezebert", "SqueezeBert", embedding_size=32),
    encoder("modernbert", "ModernBert", pad_token_id=0, bos_token_id=1, eos_token_id=2, cls_token_id=1, sep_token_id=2),
    built(
        "hf-mbart",
        translation(
            "MBart",
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
    built(
        "hf-umt5",
        translation(
            "UMT5", vocab_size=64, d_model=32, d_kv=8, d_ff=64, num_layers=2, num_heads=4, decoder_start_token_id=0
        ),
    ),
    picture("beit", "Beit"),
    picture("ijepa", "IJepa"),
    built("hf-ast", lambda: on(heard, spectra(), nn.CrossEntropyLoss())),
    built("hf-patchtst", lambda: on(ahead, series(), nn.MSELoss())),
)
