"""Batch normalisation folded into the convolution before it: the same sums, made once."""

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

    for module in list(network.modules()):
        before = ""
        for name, child in list(module.named_children()):
            conv = getattr(module, before) if before else None
            if isinstance(conv, nn.Conv2d) and isinstance(child, nn.BatchNorm2d):
                setattr(module, before, fuse_conv_bn_eval(conv, child))
                setattr(module, name, nn.Identity())
            before = name
