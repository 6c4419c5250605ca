"""torchvision's and timm's own architectures at small sizes, random weights, smooth random images."""

from collections.abc import Callable
from typing import Any

from benchmarks.initfaults.data import noise_images
from benchmarks.initfaults.net import Case, Net
from torch import nn


def _torchvision(name: str, **options: Any) -> nn.Module:
    from torchvision import models

    return models.get_model(name, weights=None, **options)


def _vit() -> nn.Module:
    from torchvision.models import VisionTransformer

    return VisionTransformer(32, 8, num_layers=4, num_heads=4, hidden_dim=64, mlp_dim=128, num_classes=10)


def _swin() -> nn.Module:
    from torchvision.models import SwinTransformer

    return SwinTransformer([2, 2], 32, [2, 2], [2, 4], [4, 4], num_classes=10)


def _timm(name: str, **options: Any) -> nn.Module:
    import timm

    return timm.create_model(name, pretrained=False, num_classes=10, **options)


def _mlp(block: str) -> nn.Module:
    from timm.layers import GatedMlp
    from timm.models import mlp_mixer

    special: dict[str, dict[str, Any]] = {
        "MixerBlock": {},
        "ResBlock": {"norm_layer": mlp_mixer.Affine, "mlp_ratio": 4},
        "SpatialGatingBlock": {"mlp_layer": GatedMlp, "mlp_ratio": 6},
    }
    return mlp_mixer.MlpMixer(
        num_classes=10, img_size=32, patch_size=8, embed_dim=48, num_blocks=4,
        block_layer=getattr(mlp_mixer, block), **special[block],
    )  # fmt: skip


def _convmixer() -> nn.Module:
    from timm.models.convmixer import ConvMixer

    return ConvMixer(dim=64, depth=4, patch_size=4, num_classes=10)


def _net(name: str, family: str, model: Callable[[], nn.Module], side: int = 32, rows: int = 16) -> Net:
    def build() -> Case:
        x, y = noise_images(rows, side)
        return Case(model=model(), x=x, y=y, loss=nn.CrossEntropyLoss())

    return Net(name=name, family=family, build=build)


def _of_torchvision(name: str, family: str, label: str = "", **options: Any) -> Net:
    return _net(label or f"tv-{name}", family, lambda: _torchvision(name, **options))


def _of_timm(name: str, family: str, side: int = 32, label: str = "", **options: Any) -> Net:
    return _net(label or f"timm-{name}", family, lambda: _timm(name, **options), side)


SMALL = {"img_size": 32, "patch_size": 8, "embed_dim": 48, "depth": 4, "num_heads": 4}
VISION = (
    _of_torchvision("resnet18", "resnet"),
    _of_torchvision("resnet18", "resnet", "tv-resnet18-zero-init", zero_init_residual=True),
    _of_torchvision("resnet50", "resnet"),
    _of_torchvision("resnet50", "resnet", "tv-resnet50-zero-init", zero_init_residual=True),
    _of_torchvision("vgg11", "vgg"),
    _of_torchvision("vgg11_bn", "vgg"),
    _of_torchvision("mobilenet_v3_small", "mobilenet"),
    _of_torchvision("mobilenet_v2", "mobilenet"),
    _of_torchvision("convnext_tiny", "convnext"),
    _of_torchvision("efficientnet_b0", "efficientnet"),
    _of_torchvision("densenet121", "densenet"),
    _of_torchvision("shufflenet_v2_x0_5", "shufflenet"),
    _of_torchvision("squeezenet1_1", "squeezenet"),
    _of_torchvision("mnasnet0_5", "mnasnet"),
    _of_torchvision("regnet_y_400mf", "regnet"),
    _net("tv-vit-4x64", "vit", _vit),
    _net("tv-swin-2x32", "swin", _swin),
    _of_timm("resnet26", "timm-resnet"),
    _of_timm("nf_resnet26", "nf-resnet", 64),
    _of_timm("vit_tiny_patch16_224", "timm-vit", label="timm-deit-layer-scale", init_values=1e-5, **SMALL),
    _of_timm("vit_tiny_patch16_224", "timm-vit", label="timm-vit-small", **SMALL),
    _of_timm("cait_xxs24_224", "cait", label="timm-cait-small", **SMALL),
    _net("timm-mixer-small", "timm-mixer", lambda: _mlp("MixerBlock")),
    _net("timm-resmlp-small", "resmlp", lambda: _mlp("ResBlock")),
    _net("timm-gmlp-small", "gmlp", lambda: _mlp("SpatialGatingBlock")),
    _of_timm("poolformer_s12", "poolformer", 64),
    _net("timm-convmixer-small", "convmixer", _convmixer),
)
