"""Which pairs of a block the product leaves in reach, in one pass over it: for cards."""

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    import torch

# Pairs from which on compiling may pay. By reckoning, as there was no card to measure on: at
# 50 TFLOP/s the product of so many takes 10 s, and three passes over it in place of one, of 5
# bytes a pair each, more than the seconds that compiling takes.
_MANY = 200_000_000_000


class InReach(Protocol):
    """What `in_reach` is, compiled or not."""

    def __call__(
        self,
        products: "torch.Tensor",
        left_squares: "torch.Tensor",
        right_squares: "torch.Tensor",
        left_limits: "torch.Tensor",
        right_limits: "torch.Tensor",
    ) -> "torch.Tensor":
        """As `in_reach`."""


def in_reach(
    products: "torch.Tensor",
    left_squares: "torch.Tensor",
    right_squares: "torch.Tensor",
    left_limits: "torch.Tensor",
    right_limits: "torch.Tensor",
) -> "torch.Tensor":
    """Whether |x|^2 + |y|^2 - 2xy is within the limit of x or of y.

    Args:
        products: (B, C) float32, the product of each left with each right row.
        left_squares: (B,) float32, squared norms.
        right_squares: (C,) likewise.
        left_limits: (B,) float32, squared distances.
        right_limits: (C,) likewise.

    Returns:
        (B, C) bool.
    """
    of_right = products - left_squares[:, None] / 2 >= (right_squares - right_limits) / 2
    of_left = products + (left_limits - left_squares)[:, None] / 2 >= right_squares / 2
    return of_right | of_left


def compiled(device: "torch.device", pairs: int) -> InReach | None:
    """The same as one kernel (torch.compile), which reads 4 bytes a pair and writes one.

    Args:
        device: where it is to run.
        pairs: that will be compared.

    Returns:
        None where the plain steps are to be taken: off CUDA, for fewer pairs than compiling is
        worth, and where torch cannot compile (no Triton, as on Windows, or no C compiler).
    """
    import torch

    if device.type != "cuda" or pairs < _MANY:
        return None
    try:
        fused: InReach = torch.compile(in_reach, dynamic=True, fullgraph=True)
        left, right = torch.ones(2, device=device), torch.ones(3, device=device)
        fused(torch.ones((2, 3), device=device), left, right, left, right)
    except (RuntimeError, OSError, ImportError):  # those of torch's compiler are RuntimeErrors
        return None
    return fused
