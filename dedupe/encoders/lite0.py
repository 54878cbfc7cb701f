"""EfficientNet-Lite0 out of torch's own layers: torchvision lacks it, and takes long to import."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import nn

# EfficientNet-B0's stages: (repeats, kernel, stride, widening, channels out).
_STAGES = (
    (1, 3, 1, 1, 16),
    (2, 3, 2, 6, 24),
    (2, 5, 2, 6, 40),
    (3, 3, 2, 6, 80),
    (3, 5, 1, 6, 112),
    (4, 5, 2, 6, 192),
    (1, 3, 1, 6, 320),
)


def efficientnet_lite0() -> "nn.Module":
    """Build EfficientNet-Lite0, its weights not yet loaded.

    B0 without squeeze-and-excitation and with ReLU6, so that it runs everywhere. Takes
    (B, 3, 224, 224) float32 and gives (B, 1000) float32 class scores. The order of its
    tensors is that of the published files, which are loaded by position.

    Source: M. Tan, Q. Le, arXiv:1905.11946; the Lite variants:
    github.com/tensorflow/tpu/tree/master/models/official/efficientnet/lite. Equal to
    tf_efficientnet_lite0 of github.com/huggingface/pytorch-image-models (timm 1.0.31):
    benchmarks/reference_lite0.py.
    """
    from torch import nn

    def convolution(
        channels_in: int,
        channels_out: int,
        kernel: int,
        *,
        stride: int = 1,
        groups: int = 1,
        relu: bool = True,
    ) -> nn.Module:
        # TensorFlow pads what is left over on the right and below, PyTorch on both sides
        # alike: top-1 is 0.844 with PyTorch's padding, 0.896 with this (250 photos). For an
        # even side (224 and all its halves down to 14) and a stride of 2 that is one less
        # before than after, for a stride of 1 as much.
        before, after = (kernel - stride) // 2, (kernel - stride + 1) // 2
        alike = before == after
        layers: list[nn.Module] = []
        if not alike:
            layers.append(nn.ZeroPad2d((before, after, before, after)))
        layers += [
            nn.Conv2d(
                channels_in,
                channels_out,
                kernel,
                stride=stride,
                padding=before if alike else 0,
                groups=groups,
                bias=False,
            ),
            # TensorFlow's epsilon; with PyTorch's 1e-5 the trained weights give other features
            nn.BatchNorm2d(channels_out, eps=1e-3),
        ]
        return nn.Sequential(*layers, nn.ReLU6(inplace=True)) if relu else nn.Sequential(*layers)

    def block(channels_in: int, kernel: int, stride: int, widening: int, out: int) -> nn.Module:
        wide = channels_in * widening
        layers: list[nn.Module] = []
        if widening > 1:
            layers.append(convolution(channels_in, wide, 1))
        layers.append(convolution(wide, wide, kernel, stride=stride, groups=wide))
        layers.append(convolution(wide, out, 1, relu=False))
        body = nn.Sequential(*layers)
        return _residual(body) if stride == 1 and channels_in == out else body

    layers: list[nn.Module] = [convolution(3, 32, 3, stride=2)]
    channels = 32
    for repeats, kernel, stride, widening, out in _STAGES:
        for repeat in range(repeats):
            layers.append(block(channels, kernel, stride if repeat == 0 else 1, widening, out))
            channels = out
    layers += [convolution(channels, 1280, 1), nn.AdaptiveAvgPool2d(1), nn.Flatten()]
    return nn.Sequential(*layers, nn.Dropout(0.2), nn.Linear(1280, 1000))


def _residual(body: "nn.Module") -> "nn.Module":
    """Add what goes into `body` to what comes out of it."""
    from torch import Tensor, nn

    class Residual(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.body = body

        def forward(self, x: Tensor) -> Tensor:
            return x + self.body(x)  # type: ignore[no-any-return]

    return Residual()
