"""What a forward need not do: the same sums, made once and in one go."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import nn


def fold_batch_norms(network: "nn.Module") -> None:
    """Fold each BatchNorm2d into the Conv2d right before it, in place.

    With trained weights a BatchNorm is a fixed factor and sum per channel. Folded, a
    forward of mobilenet_v2 takes 0.57 to 0.72 of the CPU time (45.6 -> 25.8 and
    19.0 -> 13.7 ms a photo, with and without a tuned malloc).

    Right before means: the previous child of the same module. A network whose children
    are used in another order than they were made in would come out wrong; a test
    compares the features of every registered encoder with and without.

    Args:
        network: in eval mode, weights loaded.

    Source: torch.nn.utils.fusion, which torch.fx's own `fuse` uses.
    """
    from torch import nn
    from torch.nn.utils.fusion import fuse_conv_bn_eval

    for parent, first, second in _neighbours(network, nn.Conv2d, nn.BatchNorm2d):
        conv, norm = getattr(parent, first), getattr(parent, second)
        setattr(parent, first, fuse_conv_bn_eval(conv, norm))
        setattr(parent, second, nn.Identity())


def fold_padding(network: "nn.Module") -> None:
    """Let each Conv2d do the ZeroPad2d right before it, in place.

    A convolution pads both sides alike. Where more is wanted after than before, the kernel
    grows by as much, with zeros in front, and both sides are padded like the larger: the
    same sums plus 0 * x (to the last bit with efficientnet_lite0, to the last digits with any).
    The ZeroPad2d copies its whole input, the largest there is: without it the network takes
    0.93 of the CPU time, 0.95 with fused ReLU6 (medians of pairs), although the kernels grow
    from 3 to 4 and from 5 to 6. Not for CUDA, whose depthwise kernels are made for odd sizes.

    Args:
        network: weights loaded.
    """
    from torch import nn
    from torch.nn.functional import pad

    for parent, first, second in _neighbours(network, nn.ZeroPad2d, nn.Conv2d):
        left, right, top, bottom = getattr(parent, first).padding
        conv = getattr(parent, second)
        if conv.padding != (0, 0) or conv.dilation != (1, 1) or left > right or top > bottom:
            continue
        grown = pad(conv.weight, (right - left, 0, bottom - top, 0))
        conv.weight = nn.Parameter(grown, requires_grad=False)
        conv.kernel_size = tuple(grown.shape[2:])
        conv.padding = (bottom, right)
        setattr(parent, first, nn.Identity())


def fuse_convolutions(network: "nn.Module") -> None:
    """Keep each Conv2d as its kernel wants it, with the ReLU6 after it, in place; CPU alone.

    A ReLU6 of its own reads and writes again what no cache can hold: clamped while it is
    written, a forward takes 0.89 of the CPU time (mobilenet_v2 and efficientnet_lite0). And the
    kernels want the weights in an order of their own: brought into it once, not in every
    forward, it takes 0.97. What comes out is the same to the last bit. The operators are those
    of torch's compiler, and not promised to stay: where this torch has none, or some that
    answer otherwise, the network is left as it is.

    Args:
        network: on the CPU, in channels_last, weights loaded, batch norms folded.
    """
    from torch import nn

    if not _fuses():
        return
    for parent, first, second in _neighbours(network, nn.Conv2d, nn.ReLU6):
        setattr(parent, first, _fused(getattr(parent, first), relu6=True))
        setattr(parent, second, nn.Identity())
    for module in list(network.modules()):
        for name, child in list(module.named_children()):
            if isinstance(child, nn.Conv2d):
                setattr(module, name, _fused(child, relu6=False))


def _neighbours(
    network: "nn.Module", one: "type[nn.Module]", other: "type[nn.Module]"
) -> Iterator[tuple["nn.Module", str, str]]:
    """Every module with the names of two of its children, `other` right after `one`."""
    from torch import nn

    for module in list(network.modules()):
        before = ""
        for name, child in list(module.named_children()):
            if isinstance(child, nn.Identity):  # what something was folded out of
                continue
            if before and isinstance(getattr(module, before), one) and isinstance(child, other):
                yield module, before, name
            before = name


def _fuses() -> bool:
    """Whether convolution and ReLU6 can be had in one, with the same answer."""
    import torch
    from torch import nn

    # No random numbers: the process's own would be another after it. And no to_empty, which
    # imports sympy: 1 s.
    like = (torch.arange(16 * 8 * 6 * 6) % 31 / 31 - 0.4).view(16, 8, 6, 6)
    picture = like.contiguous(memory_format=torch.channels_last)
    conv = nn.Conv2d(8, 8, 3, padding=1, device="meta")
    conv.weight = nn.Parameter(picture[:8, :, :3, :3].clone(), requires_grad=False)
    conv.bias = nn.Parameter(picture[0, :, 0, 0].clone(), requires_grad=False)
    with torch.inference_mode():
        plain = conv(picture)
        try:
            same = torch.equal(_fused(conv, relu6=False)(picture), plain)
            return same and torch.equal(_fused(conv, relu6=True)(picture), plain.clamp(0, 6))
        except (RuntimeError, AttributeError, TypeError):  # no such operators, or others
            return False


def _fused(conv: "nn.Conv2d", *, relu6: bool) -> "nn.Module":
    """`conv`, with a ReLU6 behind it or without; every forward must have the same shape."""
    import torch
    from torch import nn

    reorder = torch.ops.aten.mkldnn_reorder_conv2d_weight
    convolve = torch.ops.mkldnn._convolution_pointwise
    shape = (conv.padding, conv.stride, conv.dilation, conv.groups)
    after = ("hardtanh", [0.0, 6.0], "") if relu6 else ("none", [], "")

    class FusedConvolution(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.weight, self.bias, self.ready = conv.weight, conv.bias, False

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            if not self.ready:  # which order is best depends on what it is given
                ordered = reorder(self.weight.to_mkldnn(), *shape, list(x.shape))
                self.weight, self.ready = nn.Parameter(ordered, requires_grad=False), True
            return convolve(x, self.weight, self.bias, *shape, *after)  # type: ignore[no-any-return]

    return FusedConvolution()
